"""Errors as the log may hold them."""

from events.errors import TonearmError


def publishable(error: Exception) -> str:
    """Return the text of an error of ours. Foreign ones may hold an address: of those, only the name."""
    return str(error) if isinstance(error, TonearmError) else type(error).__name__
