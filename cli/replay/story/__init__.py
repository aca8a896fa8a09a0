"""A story in its own time: how long to wait, which keys are pressed, what the terminal shows."""
