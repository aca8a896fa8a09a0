"""Whole numbers as arguments."""

import re
from typing import Literal


def at_most(text: str) -> int:
    """Return the number that --limit is given. Raises ValueError."""
    if not re.fullmatch(r"\d{1,18}", text):
        raise ValueError(f"takes a number from 0 up, not {text!r}")
    return int(text)


def count(text: str) -> int:
    """Return a number from 1 up. Raises ValueError."""
    if not re.fullmatch(r"\d{1,18}", text) or int(text) < 1:
        raise ValueError(f"{text!r} is not a count such as 20")
    return int(text)


def last(text: str) -> int | Literal["all"]:
    """Return how many of the last are wanted. Raises ValueError."""
    if not re.fullmatch(r"all|\d{1,18}", text):
        raise ValueError(f"takes a number or `all`, not {text!r}")
    return "all" if text == "all" else int(text)
