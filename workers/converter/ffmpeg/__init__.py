"""ffmpeg: which one, what it is told, and what its words mean."""
