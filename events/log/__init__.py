"""The log itself: how an event gets into the stream, and how it is read back."""
