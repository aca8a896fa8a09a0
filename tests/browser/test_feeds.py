"""Private podcasts on the page: made, shown as an address and a code, revoked."""

import re
from io import BytesIO

import httpx
import podcastparser
import pytest

from tests.browser.conftest import PHONE, Browser, Person, accessible
from tests.browser.stories import READY, tell

pytestmark = pytest.mark.servers


async def test_a_podcast_is_made_copied_subscribed_to_and_revoked(person: Person, browser: Browser) -> None:
    [job] = await tell(person, ("talk.mp4", READY))
    async with browser.page(PHONE, colours="dark") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_text("Make a podcast").click()
        await page.get_by_label("Its name").fill("<b>My</b> talks & more")
        await page.get_by_role("button", name="Make the podcast").click()
        code = page.get_by_role("img", name="The address of <b>My</b> talks & more as a QR code")
        await code.wait_for()
        assert await code.evaluate(
            "async (image) => { await image.decode(); return image.naturalWidth > 20; }"
        )
        await page.get_by_role("button", name="Copy").click()
        await page.get_by_role("button", name="Copied").wait_for()
        await page.get_by_text("a phone needs the server's name").wait_for()  # it is a local stack
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        url = await page.evaluate("navigator.clipboard.readText()")
        async with httpx.AsyncClient() as app:
            feed = podcastparser.parse(url, BytesIO((await app.get(url)).content), 0)
            assert feed["title"] == "<b>My</b> talks & more"
            assert [each["guid"] for each in feed["episodes"]] == [job]
            await page.get_by_role("button", name=re.compile("^Hide the address")).click()
            await code.wait_for(state="detached")
            assert url not in await page.content()
            await page.get_by_role("button", name="Revoke <b>My</b> talks & more").click()
            await page.get_by_role("button", name="Revoke for good").click()
            await page.get_by_text("<b>My</b> talks").wait_for(state="detached")
            assert (await app.get(url)).status_code == 410


async def test_what_a_podcast_has_is_chosen_by_a_name_or_a_preset(person: Person, browser: Browser) -> None:
    async with person.client() as client:
        (await client.put("/presets/phone", json={"format": "opus"})).raise_for_status()
    async with browser.page() as page:
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_text("Make a podcast").click()
        await page.get_by_label("Its name").fill("On the phone")
        await page.get_by_label("Only files with this in their name").fill("talk")
        await page.get_by_label("Only what has the options of a preset").select_option("phone")
        await page.get_by_role("button", name="Make the podcast").click()
        await page.get_by_text("only “talk”").wait_for()
    async with person.client() as client:
        [feed] = (await client.get("/feeds")).json()["items"]
    assert (feed["q"], feed["options"]) == ("talk", {"format": "opus"})
