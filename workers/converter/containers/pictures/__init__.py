"""The covers of files of sound: those in a source, and the one that goes into a result."""
