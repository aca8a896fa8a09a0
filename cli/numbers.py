"""Whole numbers as arguments."""

import argparse
import re


def at_most(text: str) -> int:
    """Return the number that --limit is given. Raises ArgumentTypeError."""
    if not re.fullmatch(r"\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"takes a number from 0 up, not {text!r}")
    return int(text)


def count(text: str) -> int:
    """Return a number from 1 up. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count such as 20")
    return int(text)
