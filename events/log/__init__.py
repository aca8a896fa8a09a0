"""The log itself: publishing events to the stream, and reading them back."""
