"""One command that prints how fast Tonearm is, each figure as a ratio to what the machine itself can do."""
