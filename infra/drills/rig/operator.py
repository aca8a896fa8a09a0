"""An operator's shell beside a local stack: `tonearm …`, with the stack's own environment."""

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from infra.local.services import ROOT


class Said(Struct, frozen=True):
    """The exit code of a command, and its two outputs."""

    code: int
    text: str

    @property
    def last(self) -> str:
        """Its last line."""
        return self.text.strip().splitlines()[-1] if self.text.strip() else ""


class Stack(Protocol):
    """A stack that an operator has before them."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables by which commands find it."""


async def tonearm(stack: Stack, *arguments: str, good: tuple[int, ...] = (0,)) -> Said:
    """Run a command for this stack. Raises AssertionError when it ends with no good code."""
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *arguments),
        env={**inherited, **stack.settings},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    said = Said(process.returncode or 0, output)
    assert said.code in good, f"tonearm {' '.join(arguments)}: {said.code}: {said.text}"
    return said
