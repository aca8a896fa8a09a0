"""What somebody does who has an account and a video, and nobody to ask."""

from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from infra.drills.rig.clips import Clips
from tests.browser.conftest import PHONE, Browser, Person
from tests.browser.test_uploads import drop
from tests.workers.converter.media import decoded, pitch

pytestmark = pytest.mark.servers
RATE = 44_100
WATCH = """
globalThis.seen = new Set();
new MutationObserver(() => {
  const rows = document.querySelectorAll("[data-upload-id], [data-job-id]");
  for (const { dataset } of rows) seen.add(dataset.state);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
"""Keep what the rows of the page say of their state, however short it stands there."""


async def test_somebody_signs_in_drops_a_video_watches_it_listens_and_downloads(
    person: Person, browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    clip = clips.tone(60)
    async with browser.page(PHONE) as page:
        await page.add_init_script(WATCH)
        await page.goto(f"{person.stack.url}/")
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="Drop a video").wait_for()
        await drop(page, clip.path)
        job = page.locator("[data-job-id]", has_text=clip.path.name)
        await job.and_(page.locator("[data-state=notified]")).wait_for(timeout=60_000)
        assert set(await page.evaluate("[...seen]")) >= {"uploading", "converting", "notified"}
        height = await height_of(job)
        await job.get_by_role("link", name=clip.path.name, exact=True).click()
        await page.locator(".job-player").get_by_role("button", name="Play").click()
        await wait_for(lambda: is_heard(page))
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Download").first.click()
        await (await download.value).save_as(tmp_path / (await download.value).suggested_filename)
        await page.get_by_role("link", name="Jobs", exact=True).click()
        # The job's place stands until the list is loaded, and has the same id and name.
        await page.get_by_role("heading", name="Drop a video").wait_for()
        await job.wait_for()
        assert await height_of(job) == height, "the job's place has brought styles of its own"
    [audio] = tmp_path.glob("*.mp3")
    [sound] = decoded(audio)
    assert pitch(sound, RATE) == pytest.approx(440, rel=0.01)


async def height_of(row: Any) -> float:
    return float((await row.bounding_box())["height"])


async def is_heard(page: Any) -> bool:
    return bool(await page.evaluate("document.querySelector('audio').currentTime") > 0.5)
