"""Options that several subcommands have: what of the log, which jobs, how it is written."""
