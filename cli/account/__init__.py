"""`tonearm account`: what an operator does with accounts, one file for each kind of command."""
