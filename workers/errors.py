"""Errors as the log may hold them."""

from events.errors import TonearmError


def publishable(error: Exception) -> str:
    """Return one of a fixed set of sentences. The cause, with servers and addresses, is in our logs alone."""
    return error.told if isinstance(error, TonearmError) else TonearmError().told
