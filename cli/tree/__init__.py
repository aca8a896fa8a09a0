"""The tree of commands, by click: how a command is declared, found, helped with and printed."""
