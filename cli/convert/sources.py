"""The videos that are converted: files of this machine, and addresses that the gateway fetches from."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from events.texts import harmless

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class Source(NamedTuple):
    """A video. `path` is the file; of an address it is the name by which the audio is called, in this folder.

    `url` is empty for a file.
    """

    path: Path
    url: str = ""

    @property
    def name(self) -> str:
        """The name that is shown: an address may hold secrets, its last part hardly."""
        return self.path.name

    @property
    def file(self) -> Path | None:
        """The file of this machine; None for an address."""
        return None if self.url else self.path


def source(text: str) -> Source:
    """Read an argument. What begins as an address does is one, whatever lies in this folder."""
    if not _ADDRESS.match(text):
        return Source(Path(text))
    try:
        path = urlsplit(text).path
    except ValueError:  # the gateway says what is wrong with it
        path = ""
    name = harmless(unquote(path.rpartition("/")[2]), "").replace("/", "").replace("\\", "").strip(". ")
    return Source(Path(name or "video"), text)
