"""The videos that are converted: files of this machine, standard input, and addresses elsewhere."""

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from cli.errors import WrongArgument
from events.side_by_side import safe
from events.texts import harmless

STANDARD_INPUT = "-"
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_OTHER_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


class Source(Struct, frozen=True):
    """A video. `path` is the file; of any other it is the name by which the audio is called, in this folder.

    `url` is empty but for an address, which the gateway fetches from. `below` is the way to the file from the
    folder that was named.
    """

    path: Path
    url: str = ""
    is_input: bool = False
    below: Path = Path()

    @property
    def name(self) -> str:
        """The name that is shown: an address may hold secrets, its last part hardly."""
        return self.path.name

    @property
    def file(self) -> Path | None:
        """The file of this machine; None for an address and for standard input."""
        return None if self.url or self.is_input else self.path


def source(text: str) -> Source:
    """Read an argument. What begins as an address does is one, whatever lies in this folder.

    Raises WrongArgument for an address that no gateway fetches from.
    """
    if text == STANDARD_INPUT:
        return Source(Path("video"), is_input=True)
    if not _ADDRESS.match(text):
        if other := _OTHER_ADDRESS.match(text):
            raise WrongArgument(f"a gateway fetches by http and https, not by {other[1].lower()}")
        return Source(Path(text))
    try:
        path = urlsplit(text).path
    except ValueError:  # the gateway says what is wrong with it
        path = ""
    name = harmless(unquote(path.rpartition("/")[2]), "").strip("./\\ ")
    return Source(Path(safe(name) if name else "video"), text)  # a stranger's name, for each system's folders


def unreadable(file: Path) -> str | None:
    """Return why a file cannot be read, None if it can."""
    if not os.path.exists(file):  # noqa: PTH110 - raises nothing for a name that is too long
        return "is not there"
    if not os.access(file, os.R_OK):
        return "may not be read"
    return None if file.is_file() else "is not a file"
