"""Commands that hand on what you have: links, feeds, transcripts."""
