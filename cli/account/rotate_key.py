"""`rotate-key`: the next signing key, which auth takes up by itself."""

import argparse
from datetime import UTC, datetime

from cli.account.settings import OperatorSettings


async def rotate(arguments: argparse.Namespace, settings: OperatorSettings) -> None:
    """Make a key. Raises KeyUnusable."""
    files = settings.key_files()
    files.read()  # wrong passphrases are noticed before there is a key that auth cannot read
    made = files.add(datetime.now(UTC))
    print(f"key {made.kid} is published from now on, and signs after KEY_LEAD_SECONDS; the old one fades out")
