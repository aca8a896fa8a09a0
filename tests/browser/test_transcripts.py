"""What is said in a job's audio, on the page: read, followed, jumped to, given and taken back."""

from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from tests.browser.conftest import DESK, PHONE, Browser, Person, accessible
from tests.browser.test_job import converted, heard, true
from tests.workers.converter.media import ffmpeg

pytestmark = pytest.mark.servers

HOSTILE = "<img src=x onerror=alert(1)>"
LINES = [f"Line {number} of them" for number in range(1, 30)]
OWN = """WEBVTT

00:01.000 --> 00:04.000
<v Ada>My own words &lt;img src=x onerror=alert(1)&gt;

00:08.000 --> 00:09.000
The end
"""


@pytest.fixture(scope="session")
def subtitled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a video of half a minute with a line each second, and a second track in German."""
    folder = tmp_path_factory.mktemp("subtitled")
    for name, said in (("english", LINES), ("german", ["Eine Zeile"])):
        cues = (
            f"{at + 1}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}\n" for at, line in enumerate(said)
        )
        (folder / f"{name}.srt").write_text("\n".join(cues))
    path = folder / "talk.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=2:duration=30"),
        *("-f", "lavfi", "-i", "sine=duration=30"),
        *("-i", str(folder / "english.srt"), "-i", str(folder / "german.srt")),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:s", "mov_text"),
        *("-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=deu", str(path)),
    )
    return path


async def read(person: Person, page: Any, job_id: str) -> Any:
    """Open the job's place, and return the lines of what is said."""
    await person.sign_in(page)
    await page.goto(f"{person.stack.url}/#/jobs/{job_id}")
    lines = page.locator(".job-lines button")
    await lines.first.wait_for()
    await true(page, "document.querySelector('audio').readyState > 0")
    return lines


@pytest.mark.parametrize(("size", "colours"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
async def test_what_is_said_is_read_jumped_to_and_followed(
    person: Person, browser: Browser, subtitled: Path, size: dict[str, int], colours: str
) -> None:
    async with person.client() as client:
        job_id = await converted(client, subtitled)
    async with browser.page(size, colours) as page:
        lines = await read(person, page, job_id)
        assert await lines.count() == len(LINES)
        await lines.nth(2).click()
        assert await heard(page) == pytest.approx(2, abs=0.05)
        await page.locator(".job-lines [aria-current]").get_by_text(LINES[2]).wait_for()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("End")
        await page.keyboard.press("Enter")
        assert await heard(page) == pytest.approx(28, abs=0.05)
        await page.mouse.move(5, 5)
        await page.get_by_role("slider", name="Position").focus()
        await page.keyboard.press("Home")
        await page.get_by_role("button", name="Play", exact=True).first.click()
        await true(page, "document.querySelector('.job-lines [aria-current]')?.innerText.includes('Line 2')")
        await page.get_by_role("button", name="Pause", exact=True).click()
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        await page.get_by_label("Which transcript").select_option(label="German")
        await wait_for(lambda: says(lines, "Eine Zeile"))


async def says(lines: Any, text: str) -> bool:
    return text in await lines.first.inner_text()


async def test_a_transcript_of_ones_own_is_given_found_and_deleted(
    person: Person, browser: Browser, subtitled: Path, tmp_path: Path
) -> None:
    browser.provokes("status of 4")
    own, broken = tmp_path / "own.vtt", tmp_path / "broken.srt"
    own.write_text(OWN)
    broken.write_text("no transcript at all")
    async with person.client() as client, browser.page() as page:
        job_id = await converted(client, subtitled, start=1)
        lines = await read(person, page, job_id)
        chosen = page.locator("#words-file")
        await chosen.set_input_files(str(broken))
        await page.get_by_role("alert").get_by_text("WEBVTT").wait_for()
        await chosen.set_input_files(str(own))
        await wait_for(lambda: says(lines, f"Ada: My own words {HOSTILE}"))
        assert await lines.count() == 2
        await lines.nth(1).click()
        assert await heard(page) == pytest.approx(7, abs=0.05), "its times were those of the video"
        found = (await client.get("/jobs?q=my own words")).json()["items"]
        assert [each["job_id"] for each in found] == [job_id]
        await page.get_by_role("button", name="Delete this transcript").click()
        await wait_for(lambda: says(lines, LINES[1]))


async def test_the_list_finds_jobs_by_what_is_said(person: Person, browser: Browser, subtitled: Path) -> None:
    async with person.client() as client, browser.page() as page:
        job_id = await converted(client, subtitled)
        await person.sign_in(page)
        await page.locator(f"[data-job-id='{job_id}']").wait_for()
        await page.locator(".jobs-search").fill("line 7 OF")
        await wait_for(lambda: page.evaluate("location.hash.includes('q=')"))
        await page.locator(f"[data-job-id='{job_id}']").wait_for()
        await page.locator(".jobs-search").fill("never said")
        await page.locator(f"[data-job-id='{job_id}']").wait_for(state="detached")
