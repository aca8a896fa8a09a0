"""`tonearm links`, against real services."""

import json

import httpx

from cli.handover.links import Link
from tests.cli.person import Person
from tests.gateway.handover.links.conftest import minute

__all__ = ["minute"]


async def test_a_link_is_made_listed_and_revoked(person: Person, minute: bytes) -> None:
    job_id = await person.uploads("talk%1B%5D0.mp4")
    _, said = await person.tonearm("links", "create", job_id, code=70)
    assert "not ready yet" in said
    await person.site.gateway.convert(job_id, person.account_id, minute, duration_seconds=60.0)
    await person.comes_to(job_id, "converted")
    out, _ = await person.tonearm(
        "links", "create", job_id, "--for", "1h", "--start", "0:10", "--end", "12.5"
    )
    url = out.strip()
    whole = json.loads((await person.tonearm("links", "create", job_id, "--json"))[0])
    async with httpx.AsyncClient() as anybody:
        clip = await anybody.get(f"{url}?download")
        assert (clip.status_code, len(clip.content) < len(minute) / 15) == (200, True)
        out, _ = await person.tonearm("links", "list")
        first, second = out.splitlines()
        assert first.endswith("talk]0.mp3  0:10 to 0:12")
        assert "\x1b" not in out
        assert url not in out, "who looks over a shoulder sees no address"
        assert second.split()[0] == whole["link_id"]
        listed = (await person.tonearm("links", "list", job_id, "--json"))[0].splitlines()
        assert [json.loads(line)["url"] for line in listed] == [url, whole["url"]]
        link_id = first.split()[0]
        assert link_id in (await person.tonearm("links", "revoke", link_id[:-3]))[0]
        assert (await anybody.get(f"{url}?download")).status_code == 410
    _, said = await person.tonearm("links", "revoke", link_id, code=4)
    assert "you have no link" in said


async def test_what_cannot_be_shared_is_refused_with_the_reason(person: Person) -> None:
    for words, what in ((("--for", "soon"), "'--for': soon"), (("--start", "x"), "'--start': ")):
        _, said = await person.tonearm("links", "create", "0" * 36, *words, code=2)
        assert what in said
    _, said = await person.tonearm("links", "list", code=4)
    assert "nothing is shared" in said


def test_no_address_is_in_a_traceback() -> None:
    link = Link(link_id="l", url="https://audio.example/l/TOKEN", filename="n", expires=None)  # type: ignore[arg-type]
    assert "TOKEN" not in repr(link)
