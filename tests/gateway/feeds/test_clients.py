"""Podcast clients that are not ours: gPodder and newsboat."""

import asyncio
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.errors import NotInstalled
from infra.local.servers.install import find_tool
from tests.gateway.feeds.recordings import AUDIO, made, recorded
from tests.gateway.running import Gateway

pytestmark = [pytest.mark.servers, pytest.mark.long]


@pytest.fixture
def home() -> Iterator[Path]:
    """A client's home, and not among our logs: a client may log the address that it was given."""
    with tempfile.TemporaryDirectory(prefix="tonearm-client-") as home:
        yield Path(home)


class Client:
    """A client's program, with a home of its own."""

    def __init__(self, program: str, home: Path) -> None:
        try:
            self.program = str(find_tool(program))
        except NotInstalled as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"{error}: `./justw test --long` installs it where it can, and could not")
        self.home = home

    async def run(self, *arguments: str) -> str:
        """What it says. It may fail."""
        environment = {**os.environ, "HOME": str(self.home), "GPODDER_HOME": str(self.home)}
        for name in ("PYTHONPATH", "VIRTUAL_ENV"):  # it is Debian's, with Debian's own Python
            environment.pop(name, None)
        process = await asyncio.create_subprocess_exec(
            self.program,
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(60):
            said, _ = await process.communicate()
        return said.decode(errors="replace")


async def test_gpodder_subscribes_downloads_sees_chapters_and_is_shut_out(
    gateway: Gateway, account: str, home: Path
) -> None:
    gpo = Client("gpo", home)
    job_id = await recorded(gateway, account, "Über Ränder & <mehr>.mp4")
    feed = await made(gateway, account, name="Vorträge & mehr")
    said = await gpo.run("subscribe", feed["url"])
    assert "Successfully added" in said, said
    assert "Vorträge & mehr" in await gpo.run("list")
    said = await gpo.run("download")
    [audio] = home.glob("Downloads/*/*.mp3")
    assert audio.read_bytes() == AUDIO, said
    with sqlite3.connect(home / "Database") as database:
        database.row_factory = sqlite3.Row
        [episode] = database.execute("SELECT * FROM episode").fetchall()
    assert (episode["guid"], episode["title"]) == (job_id, "Über Ränder & <mehr>")
    assert (episode["file_size"], episode["mime_type"]) == (len(AUDIO), "audio/mpeg")
    assert [each["title"] for each in json.loads(episode["chapters"])] == ["A <b>", "Chapter 2"]
    assert episode["episode_art_url"].endswith(f"/{job_id}/cover")

    await recorded(gateway, account, "Another.mp4")
    await gpo.run("update")
    assert "Another" in await gpo.run("pending")
    async with gateway.as_(account) as owner:
        assert (await owner.delete(f"/feeds/{feed['feed_id']}")).status_code == 204
    assert "HTTP 410 while downloading" in await gpo.run("download")
    assert "resource is gone" in await gpo.run("update")
    assert len(list(home.glob("Downloads/*/*.mp3"))) == 1


async def test_newsboat_lists_the_episodes(gateway: Gateway, account: str, home: Path) -> None:
    newsboat = Client("newsboat", home)
    await recorded(gateway, account, "Talk & <more>.mp4")
    feed = await made(gateway, account)
    urls, cache = home / "urls", home / "cache.db"
    urls.write_text(feed["url"] + "\n")
    said = await newsboat.run("-u", str(urls), "-c", str(cache), "-x", "reload")
    with sqlite3.connect(cache) as database:
        rows: list[Any] = database.execute(
            "SELECT title, enclosure_url, enclosure_type FROM rss_item"
        ).fetchall()
    [(title, url, type_)] = rows or pytest.fail(said)
    assert (title, type_) == ("Talk & <more>", "audio/mpeg")
    assert url.startswith(feed["url"].removesuffix(".rss"))
