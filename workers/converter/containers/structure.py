"""What could be told of a container; all False for those that we cannot read this way."""

from msgspec import Struct


class Structure(Struct, frozen=True, kw_only=True):
    """A container's own word on whether it is whole, and open."""

    encrypted: bool = False
    """The first audio track is protected."""
    cut: bool = False
    """The file ends before its container does."""
    guesses_length: bool = False
    """When cut, the length it tells is a guess from what is left."""
