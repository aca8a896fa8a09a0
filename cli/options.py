"""Options of a conversion as people type them: `-O NAME=VALUE`. The gateway judges them."""

import argparse


def pair(text: str) -> tuple[str, str]:
    """Return name and value. Raises argparse's error when there is no equals sign."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
