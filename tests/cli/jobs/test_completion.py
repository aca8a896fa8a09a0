"""The ids that a shell completes, against real services."""

import asyncio
import socket

import pytest
from click.shell_completion import ShellComplete

from cli.client import glance
from cli.main import tonearm
from tests.cli.person import Person

UNTIL_GIVEN_UP = 30.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses the tab key waits, however slow the machine is."""
    monkeypatch.setattr(glance, "PATIENCE", 45.0)


async def completed(*words: str, incomplete: str = "") -> list[tuple[str, str | None]]:
    shell = ShellComplete(tonearm, {}, "tonearm", "_TONEARM_COMPLETE")
    found = await asyncio.to_thread(shell.get_completions, list(words), incomplete)
    return [(item.value, item.help) for item in found]


@pytest.mark.usefixtures("patient")
async def test_ids_and_places_are_completed_with_what_they_are(person: Person) -> None:
    first, second = await person.uploads("first.mp4"), await person.uploads("second.mp4")
    where = ("--url", person.site.url)
    assert await completed("show", *where) == [], "nobody is signed in for it"
    await person.types()
    told = [(second, "uploaded, second.mp4"), (first, "uploaded, first.mp4")]
    assert await completed("show", *where) == told
    assert await completed("jobs", "cancel", *where, second) == told[1:], "none is named twice"
    assert await completed("transcripts", "show", *where, incomplete=first[:-1]) == told[1:]
    assert await completed("link", *where, incomplete="@") == [("@-1", told[0][1]), ("@-2", told[1][1])]
    assert await completed("show", *where, incomplete="talk") == []


@pytest.mark.usefixtures("patient")
async def test_presets_are_completed(person: Person) -> None:
    for name in ("Speech", "Spare", "Music"):
        await person.http.put(f"/presets/{name}", params={"format": "opus"})
    await person.tonearm("usage")
    where = ("--url", person.site.url)
    for words in (("convert", *where, "--preset"), ("presets", "delete", *where)):
        names = await completed(*words, incomplete="Sp")
        assert sorted(name for name, _ in names) == ["Spare", "Speech"]


async def test_a_gateway_that_does_not_answer_holds_nobody_up(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TONEARM_KEY", "tonearm_key")
        monkeypatch.setenv("TONEARM_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        async with asyncio.timeout(UNTIL_GIVEN_UP):
            assert await completed("show") == []


@pytest.mark.usefixtures("patient")
async def test_what_else_the_account_has_is_completed(person: Person) -> None:
    await person.types("list", code=4)
    where = ("--url", person.site.url)
    key = (await person.http.post("/keys", json={"name": "camera", "scopes": ["read"]})).json()["key_id"]
    feed = (await person.http.post("/feeds", json={"name": "For the car"})).json()["feed_id"]
    await person.http.put("/presets/Speech", params={"format": "opus"})
    assert await completed("keys", "revoke", *where) == [(key, "camera")]
    assert await completed("feeds", "show", *where, incomplete=feed[:9]) == [(feed, "For the car")]
    assert await completed("presets", "show", *where, incomplete="S") == [("Speech", None)]
    assert await completed("feeds", "create", *where, "--preset") == [("Speech", None)]
    assert await completed("hooks", "test", *where) == []
