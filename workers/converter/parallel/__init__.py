"""One MP3 on several cores: the same bytes as from one encoder."""
