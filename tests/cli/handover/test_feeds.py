"""`tonearm feeds`, against real services."""

import json
import re

import httpx

from cli.handover.feeds import Feed
from cli.qr import code_of
from tests.cli.person import Person

HOSTILE = "A\x1b]0;title\x07 & „B“ \u202e!"
SHOWN = "A ]0;title & „B“ !"


async def test_a_feed_is_made_listed_shown_and_revoked(person: Person) -> None:
    out, _ = await person.tonearm("feeds", "create", HOSTILE, "--q", "talk")
    url = out.strip()
    async with httpx.AsyncClient() as app:
        assert (await app.get(url)).status_code == 200
        out, _ = await person.tonearm("feeds", "list")
        [line] = out.splitlines()
        feed_id = line.split()[0]
        assert line.endswith(f"{SHOWN}  only 'talk'")
        assert url not in out
        for named in (feed_id[:20], SHOWN):
            assert (await person.tonearm("feeds", "show", named))[0].strip() == url
        told = json.loads((await person.tonearm("feeds", "list", "--json"))[0])
        assert (told["feed_id"], told["url"], told["name"]) == (feed_id, url, SHOWN)
        assert json.loads((await person.tonearm("feeds", "show", feed_id, "--json"))[0])["url"] == url
        out, _ = await person.tonearm("feeds", "revoke", feed_id)
        assert feed_id in out
        assert (await app.get(url)).status_code == 410
    _, said = await person.tonearm("feeds", "list", code=4)
    assert "you have no feeds" in said
    _, said = await person.tonearm("feeds", "revoke", feed_id, code=4)
    assert "you have no feed" in said


async def test_what_cannot_be_made_is_refused_with_the_reason(person: Person) -> None:
    _, said = await person.tonearm("feeds", "create", "x", "--preset", "phone", code=2)
    assert "there is no preset phone" in said
    _, said = await person.tonearm("feeds", "create", " ", code=2)
    assert "name" in said


def test_a_code_is_white_on_black_in_every_terminal() -> None:
    lines = code_of("https://audio.example/f/" + "A" * 60 + ".rss").splitlines()
    assert 15 < len(lines) < 30
    assert all(re.fullmatch(r"\x1b\[97;40m[ █▀▄]+\x1b\[0m", line) for line in lines)


def test_no_address_is_in_a_traceback() -> None:
    feed = Feed(feed_id="f", name="n", url="https://audio.example/f/TOKEN.rss", created=None)  # type: ignore[arg-type]
    assert "TOKEN" not in repr(feed)
