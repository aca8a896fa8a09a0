"""A video as an argument: a file of this machine, or its SHA-256."""

import hashlib
import re
from pathlib import Path

import click
from click.shell_completion import CompletionItem

_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


class Video(click.ParamType[str]):
    """A file's name, or 64 hexadecimal digits. It is read as the SHA-256."""

    name = "FILE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the SHA-256. Raises click's usage error for a file that cannot be read."""
        if _SHA256.fullmatch(value) and not Path(value).exists():
            return value.lower()
        try:
            with Path(value).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            self.fail(f"{value}: {error.strerror}", param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete names of files."""
        return [CompletionItem(incomplete, type="file")]


VIDEO = Video()
"""A file, or its SHA-256."""
