"""The URLs that a stack has given out for servers of its own, kept after its end.

`eval "$(./justw status --env)"` puts them into a shell. There they must not count as set by somebody: the
next stack would take its own servers for servers elsewhere, and start none.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from infra.local.settings import LocalSettings
from service.settings import load

FILE = "given.json"


def keep(directory: Path, urls: Mapping[str, str]) -> None:
    """Keep them, for the owner of the directory only: there are passwords in them."""
    descriptor = os.open(directory / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(dict(urls)))


def settings(environ: Mapping[str, str]) -> LocalSettings:
    """Read the stack's settings, without what it has itself given out. Raises InvalidSetting."""
    found = load(LocalSettings, environ)
    try:
        given = msgspec.json.decode((found.directory / FILE).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return found
    return load(LocalSettings, {name: value for name, value in environ.items() if given.get(name) != value})
