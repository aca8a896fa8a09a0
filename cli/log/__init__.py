"""The log as people and files meet it: a part of it, its lines, places in it, and an exported file of it."""
