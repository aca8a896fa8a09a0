"""The commands of the stack on this machine, one module each."""
