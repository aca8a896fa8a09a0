"""Audio is shared by a link from the page, and heard by somebody who has no account."""

from pathlib import Path

import pytest
from waiting import wait_for

from tests.browser.conftest import DESK, PHONE, Browser, Person, accessible
from tests.browser.test_job import HOSTILE, converted, shown, true, video

__all__ = ["video"]
pytestmark = pytest.mark.servers


async def test_a_part_is_shared_heard_and_taken_back(person: Person, browser: Browser, video: Path) -> None:
    browser.provokes("status of 410")
    async with person.client() as client:
        job_id = await converted(client, video, cover="frame")
    async with browser.page(PHONE, "dark") as page, browser.page() as guest:
        await shown(person, page, job_id)
        await page.get_by_role("button", name="Cut a part").click()
        await page.get_by_role("button", name="Share this part").click()
        panel = page.get_by_role("region", name="Share by a link")
        assert await panel.get_by_role("checkbox").is_checked()
        await panel.get_by_label("Good for").select_option("a day")
        await panel.get_by_role("button", name="Make a link").click()
        address = panel.get_by_label("Address of the link")
        await address.wait_for()
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        url = await address.input_value()

        await guest.goto(url)
        assert HOSTILE in await guest.get_by_role("heading", level=1).inner_text()
        assert "of 0:30" in await guest.locator(".number").inner_text()
        assert await guest.locator("svg.groove path").count() == 1
        await wait_for(lambda: guest.evaluate("document.querySelector('audio').readyState >= 1"))
        length = await guest.evaluate("document.querySelector('audio').duration")
        assert length == pytest.approx(7.5, abs=0.05)
        await wait_for(lambda: guest.evaluate("document.querySelector('.cover').naturalWidth > 0"))
        async with guest.expect_download() as downloaded:
            await guest.get_by_role("link", name="Download").click()
        assert (await downloaded.value).suggested_filename.endswith("(0m00s-0m07s).mp3")
        await accessible(guest)

        await page.goto(f"{person.stack.url}/#/account")
        row = page.get_by_role("region", name="Shared by links").get_by_role("listitem")
        assert await row.get_by_label("Address of the link").input_value() == url
        await row.get_by_role("button", name="End it").click()
        await page.get_by_text("Nothing is shared.").wait_for()
        answer = await guest.goto(url)
        assert answer.status == 410
        assert "taken the link back" in await guest.locator("main").inner_text()


async def test_all_of_it_is_shared_in_one_tab_and_known_in_another(
    person: Person, browser: Browser, video: Path
) -> None:
    async with person.client() as client:
        job_id = await converted(client, video)
    async with browser.page(DESK) as page:
        await shown(person, page, job_id)
        await page.get_by_role("button", name="Share", exact=True).click()
        await true(page, "document.activeElement.id === 'share-title'")
        async with person.client() as client:  # as another tab does
            made = (await client.post(f"/jobs/{job_id}/links", json={})).json()
        address = page.get_by_label("Address of the link")
        await address.wait_for()
        assert await address.input_value() == made["url"]
        await page.get_by_role("button", name="End it").click()
        await address.wait_for(state="detached")
