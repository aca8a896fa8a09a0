"""Somebody at a command line who is signed in nowhere, against real services."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.main import main
from tests.cli import json_lines
from tests.tokens.conftest import Site

VARIABLES = ("EMAIL", "PASSWORD", "KEY", "URL", "ON")


class Newcomer:
    """Types `tonearm …`; `http` is the same person in a browser."""

    def __init__(self, url: str, known: dict[str, Any], http: httpx.AsyncClient, folder: Path) -> None:
        self.url, self.email, self.account_id = url, known["email"], known["account_id"]
        self.http, self.folder = http, folder
        self.monkeypatch: pytest.MonkeyPatch
        self.capfd: pytest.CaptureFixture[str]

    async def types(self, *words: str, given: str = "", code: int = 0) -> tuple[str, str]:
        """Type it, with this on standard input; what comes out, and what is said beside.

        What it prints as JSON fits its schema.
        """
        self.monkeypatch.setattr("sys.stdin", io.StringIO(given))
        ended = await asyncio.to_thread(main, list(words))
        out, said = self.capfd.readouterr()
        assert ended == code, (words, ended, out, said)
        if "--json" in words:
            json_lines.check(words, out)
        return out, said

    async def whoami(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((await self.types("whoami", "--json", *words))[0])
        return found

    async def sessions(self) -> list[str]:
        """The programs that are signed in to the account, but for the browser."""
        items = (await self.http.get("/sessions")).json()["items"]
        return [each["program"] for each in items if not each["current"]]

    @property
    def kept(self) -> list[Path]:
        """The sessions on the disk."""
        return list(self.folder.glob("tonearm/sessions/*.json"))

    @property
    def knows_anything(self) -> bool:
        """True if a sign-in has left anything on the disk."""
        return bool(self.kept) or (self.folder / "tonearm/config.toml").exists()


@pytest.fixture
async def newcomer(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> AsyncIterator[Newcomer]:
    for name in VARIABLES:
        monkeypatch.delenv(f"TONEARM_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    known = await site.person()
    async with site.client(known["access_token"]) as http:
        made = Newcomer(site.url, known, http, tmp_path)
        made.monkeypatch, made.capfd = monkeypatch, capfd
        yield made
