"""Transcripts: the text of a recording, as services read and write it."""
