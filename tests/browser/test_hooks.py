"""Webhooks on the page of the account: made, tried, looked into, and deleted."""

import json

import pytest
from servers.rogue import Rogue
from standardwebhooks.webhooks import Webhook
from waiting import wait_for

from tests.browser.conftest import PHONE, REFUSED, Browser, Person, accessible

pytestmark = pytest.mark.servers
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
AWAY = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"


async def test_a_webhook_is_made_tried_and_deleted(person: Person, browser: Browser) -> None:
    browser.provokes("status of 422")
    browser.provokes(REFUSED)
    async with Rogue().listening() as rogue, browser.page(PHONE) as page:
        rogue.replies["/%3Cb%3E"] = OK
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/account")
        section = page.locator("[aria-labelledby=account-hooks]")
        await section.get_by_text("Make a webhook").click()
        await section.get_by_label("Where to send").fill("http://10.0.0.1/")
        await page.get_by_role("button", name="Make the webhook").click()
        await section.get_by_text("leads into a network that is not public").wait_for()
        await section.get_by_label("Where to send").fill(rogue.url("/<b>"))
        await section.get_by_label("A job is deleted").check()
        await page.get_by_role("button", name="Make the webhook").click()
        await section.get_by_label("The secret").wait_for()
        secret = await section.get_by_label("The secret").input_value()
        await accessible(page)
        await section.get_by_role("button", name="Done").click()
        await section.get_by_text("Audio is ready · A conversion failed · A job is deleted").wait_for()
        await section.get_by_role("button", name="Send a test").click()
        await section.get_by_text("accepted with 200").wait_for()
        told = json.loads(rogue.bodies[0])
        assert Webhook(secret).verify(rogue.bodies[0], rogue.headers) == told
        rogue.replies["/%3Cb%3E"] = AWAY
        await section.get_by_role("button", name="Send again").click()
        await section.get_by_text("answered with 503").wait_for()
        await section.get_by_text("Nothing was accepted since").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await accessible(page)
        await section.get_by_role("button", name="Make a new secret").click()
        await wait_for(lambda: section.get_by_label("The secret").is_visible())
        assert await section.get_by_label("The secret").input_value() != secret
        await section.get_by_role("button", name="Delete the webhook to").click()
        await section.get_by_role("button", name="Delete for good").click()
        await section.get_by_text("/<b>").wait_for(state="detached")
        async with person.client() as client:
            assert (await client.get("/webhooks")).json() == {"items": []}
