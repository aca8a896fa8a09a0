"""ffmpeg: the program, its arguments, its runs, and the meaning of its messages."""
