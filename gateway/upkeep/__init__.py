"""The work that one gateway at a time does for all: it erases, lets go of what has expired, and sweeps."""
