"""Keys mean something alone, in a row, and cut off from what came before."""

import pytest

from cli.replay.story.keys import Key, meant


@pytest.mark.parametrize(
    ("pressed", "keys"),
    [
        (b" ", [Key.PAUSE]),
        (b"++-", [Key.FASTER, Key.FASTER, Key.SLOWER]),
        (b"\x1b[A\x1b[B\x1bOC", [Key.FASTER, Key.SLOWER, Key.NEXT]),
        (b"x\x1b[Z\xc3\xa4q", [Key.END]),
        (b"\x1b", []),
        (b"", []),
    ],
)
def test_what_means_nothing_is_passed_over(pressed, keys):
    assert meant(pressed) == keys
