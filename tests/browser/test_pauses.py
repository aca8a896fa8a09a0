"""Chapters by ear: pauses are walked by key on the page, and right in the audio that comes of it."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from tests.browser.conftest import PHONE, Browser, Person, accessible
from tests.browser.test_job import converted, over
from tests.workers.converter.media import ffmpeg

pytestmark = pytest.mark.servers

HOSTILE = "<img src=x onerror=alert(1)> & “Fragen”"
SPEECH = "0.3*(1-between(t\\,6\\,8.5)-between(t\\,15\\,16.2)-between(t\\,24\\,28))*sin(2*PI*400*t)"
TALK = f"{SPEECH}+0.003*sin(2*PI*90*t)"
"""40 s with pauses that end at 8.5, 16.2 and 28 s, in a room that hums."""
PLACES = [8.1, 15.8, 27.6]


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("talk") / "talk.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=2:duration=40"),
        *("-f", "lavfi", "-i", f"aevalsrc='{TALK}':s=44100:d=40"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(path)),
    )
    return path


def starts(marks: str) -> list[float]:
    minutes = [line.split(" ")[0].split(":") for line in marks.splitlines()]
    return [60 * int(each[0]) + float(each[1]) for each in minutes]


async def opened(person: Person, page: Any, job_id: str) -> Any:
    """Open the job's place and its chapters by ear; return the list of pauses, which has the focus."""
    await person.sign_in(page)
    await page.goto(f"{person.stack.url}/#/jobs/{job_id}")
    await page.get_by_role("button", name="Find chapters by ear").click()
    await page.locator(".ear-places:focus").wait_for()
    return page.get_by_role("listbox")


async def made_from(page: Any, client: Any, before: str = "") -> dict[str, Any]:
    """Return the job that the page says is on its way, another one than before, when it is over."""
    link = page.get_by_role("link", name="Open it")

    async def another() -> str:
        found = [str(await each.get_attribute("href")) for each in await link.all()]
        return found[0].rpartition("/")[2] if found and before not in found[0].split("/") else ""

    return dict(await over(client, await wait_for(another)))


async def test_pauses_are_walked_by_key_and_become_chapters(
    person: Person, browser: Browser, talk: Path
) -> None:
    async with person.client() as client, browser.page() as page:
        pauses = await opened(person, page, await converted(client, talk))
        assert await pauses.get_attribute("aria-label") == "3 pauses"
        await pauses.press("Enter")  # keeps the first, and goes to the second
        await pauses.press("Delete")  # drops it, and stands on the third
        await page.get_by_role("listbox", name="2 pauses").wait_for()
        await pauses.press("Enter")
        names = page.get_by_role("textbox", name="Title of the chapter")
        await names.nth(2).wait_for()
        await names.nth(1).fill(HOSTILE)
        await accessible(page)
        await page.get_by_role("button", name="Keep as chapters").click()
        made = await made_from(page, client)
        marks = made["options"]["marks"]
        assert starts(marks) == [0, pytest.approx(8.1, abs=0.3), pytest.approx(27.6, abs=0.3)]
        assert marks.splitlines()[1].endswith(HOSTILE)
        await page.get_by_role("button", name="A file for each").click()
        split = await made_from(page, client, made["job_id"])
        whole = (await client.get(f"/jobs/{split['job_id']}/audio")).content
        assert [name[:2] for name in zipfile.ZipFile(BytesIO(whole)).namelist()] == ["01", "02", "03"]


async def test_the_page_says_what_shorter_pauses_will_save_and_so_it_comes(
    person: Person, browser: Browser, talk: Path
) -> None:
    async with person.client() as client, browser.page() as page:
        await opened(person, page, await converted(client, talk))
        await page.get_by_label("Pauses of at most").select_option("2 sec")
        await page.get_by_text("saves about 0:02").wait_for()
        await accessible(page)
        await page.get_by_role("button", name="Shorten pauses").click()
        made = await made_from(page, client)
        assert made["audio"]["seconds_saved"] == pytest.approx(2.5, abs=0.4)
    assert browser.complaints == []


async def test_chapters_found_where_pauses_were_shortened_are_right_in_the_video(
    person: Person, browser: Browser, talk: Path
) -> None:
    async with person.client() as client, browser.page(PHONE, "dark") as page:
        pauses = await opened(person, page, await converted(client, talk, shorten_pauses=0.5))
        await page.get_by_text("0:06 of pauses left out").wait_for()
        for _ in PLACES:
            await pauses.press("Enter")
        await page.get_by_role("textbox", name="Title of the chapter").nth(3).wait_for()
        await accessible(page)
        await page.get_by_role("button", name="Keep as chapters").click()
        made = await made_from(page, client)
        assert starts(made["options"]["marks"]) == [0, *(pytest.approx(each, abs=0.3) for each in PLACES)]
