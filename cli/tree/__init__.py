"""The tree of commands, by click: how a command is declared, found, helped with and printed.

The import of each library alone, in ms, on one machine: argparse 5, argcomplete 15, shtab 45, click 55,
typer 80, cyclopts 140, of the 150 that `tonearm --help` may take. shtab completes fixed words only; argparse
with argcomplete suggests nothing for a slip. click depends on nothing, suggests what was meant, and asks a
command for values when a shell completes: ids of jobs, names of gateways.
"""
