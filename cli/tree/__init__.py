"""The tree of commands, by click: how a command is declared, found, helped with and printed.

The import of each library alone, in ms, on one machine: argparse 5, argcomplete 15, shtab 45, click 55, typer 80,
cyclopts 140, of the 150 that `tonearm --help` may take. argparse tells no command by its neighbours, shtab
completes fixed words only, argcomplete has no zsh and fish of its own. click depends on nothing, suggests what a
slip meant, and asks a command for values when a shell completes: ids of jobs, names of gateways.
"""
