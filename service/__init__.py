"""What all services have in common below their work: how a process starts, stops and serves HTTP."""
