"""`rotate-key`: the next signing key, which auth takes up by itself."""

from datetime import UTC, datetime

from cli.account.operator import operating
from cli.account.settings import OperatorSettings
from cli.tree.command import command


@command(examples=["tonearm account rotate-key"])
@operating
async def rotate_key(settings: OperatorSettings) -> None:
    """Make the next key that signs access tokens. Auth takes it up by itself."""
    rotate(settings)


def rotate(settings: OperatorSettings) -> None:
    """Make a key. Raises KeyUnusable."""
    files = settings.key_files()
    files.read()  # wrong passphrases are noticed before there is a key that auth cannot read
    made = files.add(datetime.now(UTC))
    print(f"key {made.kid} is published from now on, and signs after KEY_LEAD_SECONDS; the old one fades out")
