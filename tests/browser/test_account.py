"""One's account on the page: what is signed in, keys, the password, mails, and the end of it."""

import re
from typing import Any

import httpx
import pytest
from waiting import wait_for

from gateway.page.site import site
from tests.browser.conftest import LATE, PHONE, REFUSED, Browser, Person, accessible
from tests.browser.stories import READY, tell
from tests.browser.test_entry import fill

pytestmark = pytest.mark.servers
REMEMBER = """
async (module) => {
  const { remember } = await import(module);
  const { account } = await (await fetch("session")).json();
  await remember([{ id: "1", account, name: "secret.mp4" }]);
}
"""
"""An upload is under way."""
REMEMBERED = """
new Promise((resolve) => {
  indexedDB.open("tonearm").onsuccess = ({ target: { result: database } }) => {
    const all = database.transaction("uploads").objectStore("uploads").getAll();
    all.onsuccess = () => resolve(all.result.map(({ name }) => name));
  };
})
"""


async def test_what_is_signed_in_elsewhere_is_named_and_ended(person: Person, browser: Browser) -> None:
    async with browser.page(PHONE) as page, person.client() as client:
        await person.sign_in(page)
        await page.get_by_role("link", name="Account").click()
        mine = page.get_by_role("listitem").filter(has_text="this one")
        await mine.get_by_text("Chrome on Linux").wait_for()
        await page.get_by_text(person.email).first.wait_for()
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await page.get_by_role("button", name=re.compile("End python-httpx")).click()
        await page.get_by_text("python-httpx").wait_for(state="detached")
        assert (await client.get("/account")).status_code == 401


async def test_who_signs_out_everywhere_has_meant_what_was_to_be_deleted(
    person: Person, browser: Browser
) -> None:
    browser.provokes(LATE)
    [job] = await tell(person, ("talk.mp4", READY))
    async with browser.page() as page, person.client():
        await person.sign_in(page)
        await page.locator(f"[data-job-id='{job}']").get_by_role("button", name="Delete").click()
        await page.get_by_role("link", name="Account").click()
        await page.get_by_role("button", name="Sign out everywhere").click()
        await page.get_by_text("You are signed out.").wait_for()
    async with person.client() as client:
        assert (await client.get(f"/jobs/{job}")).status_code == 410


async def test_a_key_is_shown_once_copied_works_and_is_revoked(person: Person, browser: Browser) -> None:
    async with browser.page(colours="dark") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_text("Make a key").click()
        await page.get_by_label("What it is for").fill("<b>My</b> laptop")
        await page.get_by_role("button", name="Make the key").click()
        await page.get_by_role("button", name="Copy").click()
        await page.get_by_role("button", name="Copied").wait_for()
        await accessible(page)
        key = await page.evaluate("navigator.clipboard.readText()")
        async with httpx.AsyncClient(base_url=person.stack.url) as program:
            program.headers["Authorization"] = f"Bearer {key}"
            assert (await program.get("/jobs")).status_code == 200
            await page.reload()
            await page.get_by_text("<b>My</b> laptop").wait_for()
            assert key not in await page.content()
            await page.get_by_role("button", name="Revoke <b>My</b> laptop").click()
            await page.get_by_role("button", name="Revoke for good").click()
            await page.get_by_text("<b>My</b> laptop").wait_for(state="detached")


async def test_the_password_is_changed_and_a_choice_of_mails_is_kept(
    person: Person, browser: Browser
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_text("At least 15 characters").wait_for()
        await page.get_by_label("Present one").fill("canary wrong password")
        await page.get_by_label("New one").fill("another canary sings at night")
        await page.get_by_role("button", name="Change it").click()
        await page.get_by_text("This is not your password").wait_for()
        await page.get_by_label("Present one").fill(person.password)
        await page.get_by_role("button", name="Change it").click()
        await page.get_by_text("It is changed").wait_for()
        first = page.get_by_label("When a job has ended")
        await page.route("**/preferences", lambda route: route.fulfill(status=429))
        await first.press("ArrowDown")
        await page.locator("[aria-labelledby=account-mails]").get_by_role("alert").wait_for()
        assert await first.is_checked()
        await page.unroute("**/preferences")
        still: list[Any] = []
        await page.route("**/preferences", lambda route: still.append(route), times=1)
        await first.press("ArrowDown")
        await page.get_by_label("Only when one fails").press("ArrowDown")
        await wait_for(lambda: still)
        await still[0].continue_()
        await page.get_by_text("Kept.").wait_for()
        assert await page.get_by_label("None").is_checked()
        async with person._replace(password="another canary sings at night").client() as client:
            assert (await client.get("/preferences")).json() == {"mails": "none", "links": False}


async def test_an_account_is_deleted_by_typing_its_address_and_the_password(
    person: Person, browser: Browser
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:
        await person.sign_in(page)
        other = await page.context.new_page()
        await other.goto(person.stack.url)
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_text("Delete my account").click()
        await page.evaluate(REMEMBER, f"./page/{site().version}/uploads/memory.js")
        assert await page.evaluate(REMEMBERED) == ["secret.mp4"]
        last = page.get_by_role("button", name="Delete all of it")
        assert await last.is_disabled()
        await page.get_by_label(f"Type {person.email}").fill(person.email)
        await page.get_by_label("Your password").fill("canary wrong password")
        await last.click()
        await page.get_by_role("alert").get_by_text("This is not your password").wait_for()
        await accessible(page)
        await page.get_by_label("Your password").fill(person.password)
        await last.click()
        for each in (page, other):
            await each.get_by_text("Your account is erased").wait_for()
        assert await page.evaluate(REMEMBERED) == [], "nothing of it stays in the browser"
        await fill(page, person.email, person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("alert").get_by_text("No account has this address").wait_for()
