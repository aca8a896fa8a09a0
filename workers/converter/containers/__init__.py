"""Files read and written by their own formats, without ffmpeg."""
