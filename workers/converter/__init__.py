"""Turns videos into audio.

`handler` takes the work, `source` fetches the video, `conversion` makes the audio. `parallel` lets several
encoders work on a long MP3. `ffmpeg` plans and runs the program, in the `cage`. `containers` reads and writes
file formats.
"""

SERVICE = "converter"
