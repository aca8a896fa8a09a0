"""Somebody with jobs, who types commands as people do, against real services."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import wait_for

from cli.main import main
from events.types import FailureCode, JobFailed, JobPayload
from tests.cli import json_lines
from tests.tokens.conftest import PASSWORD, Site, site

__all__ = ["site"]

FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no audio track.")


def ids(lines: str, column: int = 0) -> list[str]:
    """The ids in a column of the lines."""
    return [line.split()[column] for line in lines.splitlines()]


class Person:
    """Somebody with jobs, and a command line."""

    def __init__(
        self, site: Site, http: httpx.AsyncClient, account_id: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.site, self.http, self.account_id, self._capfd = site, http, account_id, capfd

    async def types(self, *words: str, code: int = 0) -> tuple[str, str]:
        """Type `tonearm jobs …`, which ends with this code; what comes out, and what is said beside."""
        return await self.tonearm("jobs", *words, code=code)

    async def tonearm(self, *words: str, code: int = 0) -> tuple[str, str]:
        """Type `tonearm …`, likewise. What it prints as JSON fits its schema."""
        ended = await asyncio.to_thread(main, [*words, "--url", self.site.url])
        out, said = self._capfd.readouterr()
        assert ended == code, (words, ended, out, said)
        if "--json" in words:
            json_lines.check(words, out)
        return out, said

    async def uploads(self, name: str) -> str:
        """Upload a video; the job's id."""
        answer = await self.http.put(f"/upload/{name}", content=b"video")
        return str(answer.json()["job_id"])

    async def job(self, job_id: str) -> Any:
        return (await self.http.get(f"/jobs/{job_id}")).json()

    async def comes_to(self, job_id: str, state: str, *payloads: JobPayload) -> None:
        """Tell the log what a worker would; return when the gateway shows this state."""
        await self.site.gateway.tell(job_id, self.account_id, *payloads)

        async def there() -> bool:
            return bool((await self.job(job_id))["state"] == state)

        await wait_for(there)


@pytest.fixture
async def person(
    site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> AsyncIterator[Person]:
    known = await site.person()
    monkeypatch.setenv("TONEARM_EMAIL", known["email"])
    monkeypatch.setenv("TONEARM_PASSWORD", PASSWORD)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    async with site.client(known["access_token"]) as http:
        yield Person(site, http, known["account_id"], capfd)
