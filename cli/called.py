"""The name that this command was called by: the commands which it shows can be typed as they stand."""

import os
import shlex


def called(words: str) -> str:
    """Return a command of ours, such as `tail --job 01a2`, behind `tonearm`, or behind what called that."""
    return f"{shlex.quote(os.environ.get('TONEARM_CALLED') or 'tonearm')} {words}"
