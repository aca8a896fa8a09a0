"""The times of a recording and of the audio made of it."""
