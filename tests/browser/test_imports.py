"""Videos that the server fetches, as a person asks for them on the page: typed, pasted, dropped."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from infra.drills.rig.clips import Clips
from tests.browser.conftest import DESK, LATE, PHONE, Browser, Person, accessible
from tests.gateway.imports.origin import Asked, Origin, file, head, origin_running, plain

pytestmark = pytest.mark.servers
DROP = """address => {
  const dataTransfer = new DataTransfer();
  dataTransfer.setData("text/uri-list", `# a link\\r\\n${address}\\r\\n`);
  for (const type of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""
PASTE = """address => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", address);
  const how = { clipboardData, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new ClipboardEvent("paste", how));
}"""


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    async with origin_running() as origin:
        yield origin


def row(page: Any, name: str) -> Any:
    return page.locator("[data-import-id]").filter(has_text=name)


async def picture(page: Any, name: str) -> None:
    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=str(Path(folder, name + ".png")), full_page=True)


async def test_a_video_is_fetched_from_an_address_that_is_typed_and_becomes_a_job(
    person: Person, browser: Browser, origin: Origin, clips: Clips
) -> None:
    """Its way in is shown as that of any upload."""
    video, more = clips.noise().path.read_bytes(), asyncio.Event()

    async def halting(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, Content_Type="video/mp4", Content_Length=str(len(video))))
        sent = len(video) // 2
        writer.write(video[:sent])
        while not more.is_set():
            writer.write(video[sent : sent + 100])
            sent += 100
            with suppress(TimeoutError):
                await asyncio.wait_for(more.wait(), 0.3)
        writer.write(video[sent:])
        await writer.drain()

    async with browser.page(DESK) as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="From an address").click()
        await page.get_by_label("Address of a video").fill(origin.at("/my%20talk.mp4?token=canary", halting))
        await picture(page, "form")
        await accessible(page)
        await page.keyboard.press("Enter")
        coming = row(page, "my talk.mp4")
        await coming.locator("progress[value='50']").wait_for()
        await picture(page, "fetching")
        await accessible(page)
        more.set()
        await page.locator("[data-job-id]").filter(has_text="my talk").wait_for()
        await coming.wait_for(state="detached")
        assert "canary" not in await page.content()


async def test_one_that_fails_says_why_and_can_be_asked_for_again(
    person: Person, browser: Browser, origin: Origin
) -> None:
    """Pasted, dropped, and on a phone in the dark."""
    gone, page_ = (
        origin.url("/none.mp4"),
        origin.at("/watch.html", plain(200, b"<html>", Content_Type="text/html")),
    )
    async with browser.page(PHONE, "dark") as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="From an address").wait_for()
        await page.evaluate(PASTE, gone)
        await row(page, "There is nothing at this address").wait_for()
        await page.evaluate(DROP, page_)
        await row(page, "leads to text/html").wait_for()
        await picture(page, "failed")
        await accessible(page)
        origin.at("/none.mp4", file(b"no video"))
        await page.get_by_role("button", name="Try again: none.mp4").click()
        await page.locator("[data-job-id]").filter(has_text="none").wait_for()
        await page.get_by_role("button", name="Remove: watch.html").click()
        await page.locator("[data-import-id]").first.wait_for(state="detached")
        await page.reload()
        await page.get_by_role("button", name="From an address").wait_for()
        assert await page.locator("[data-import-id]").count() == 0
        browser.provokes("status of 422")
        await page.evaluate(PASTE, "http://10.1.2.3/talk.mp4")
        await page.get_by_text("a network that is not public").wait_for()
        await picture(page, "refused")


async def test_an_address_that_was_typed_is_not_there_for_who_signs_in_next(
    person: Person, browser: Browser
) -> None:
    browser.provokes(LATE)
    async with browser.page(DESK) as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="From an address").click()
        await page.get_by_label("Address of a video").fill("https://example.org/?token=canary")
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in", exact=True).click()
        way = page.get_by_role("button", name="From an address")
        await way.wait_for()
        assert await way.get_attribute("aria-expanded") == "false"
        await way.click()
        assert await page.get_by_label("Address of a video").input_value() == ""
