"""How it stands: what is to be known, how it is found out, and how people are told."""
