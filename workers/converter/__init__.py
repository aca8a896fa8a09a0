"""Takes videos, gives audio. See `handler` for the order of things, `command` for how ffmpeg is held."""

SERVICE = "converter"
