"""The log as commands read it: a part of it, places in it, its lines in several formats, an exported file."""
