"""Secrets that are made on first use and kept in a file for its owner only."""

import os
import secrets
from pathlib import Path


def kept_secret(file: Path) -> str:
    """Return the secret in the file; make one (144 bits, URL-safe) if there is none."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text()
    with os.fdopen(descriptor, "w") as new:
        new.write(secrets.token_urlsafe(18))
    return file.read_text()
