"""The page is for everybody: on small screens, in large letters, in each language, by keyboard alone."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from infra.drills.rig.clips import Clips
from tests.browser.conftest import DESK, LATE, REFUSED, Browser, Person

pytestmark = pytest.mark.servers

NARROW = {"width": 320, "height": 640}
PLACES = {
    "": "[data-job-id]",
    "account": ".account .things li",
    "admin": "[data-worker]",
    "jobs/{job}": ".job-player",
    "nowhere": "main a[href='#/']",
}
"""All places, and what each shows once it has asked the API."""
NAME = "\u202egpj\u202c עדות של <b>סבתא</b> " + "🦜" * 40 + " a-name-without-any-place-to-break" * 3 + ".mkv"
TOO_WIDE = """
() => {
  const {scrollWidth, clientWidth} = document.documentElement;
  return scrollWidth <= clientWidth ? [] : [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > clientWidth + 1)
    .map((each) => each.outerHTML.slice(0, 150));
}
"""
UNSEPARATED = """
(name) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode())
    if (texts.currentNode.data.includes(name)) {
      const {parentElement} = texts.currentNode;
      if (!parentElement.closest("bdi, [dir=auto], pre, textarea")) found.push(parentElement.outerHTML);
    }
  return found;
}
"""
FOCUSED = """
() => {
  const it = document.activeElement;
  const last = globalThis.lastFocused;
  globalThis.lastFocused = it;
  if (it === document.body) return "";
  const isBefore = last && last !== document.body && it.compareDocumentPosition(last) & 4;
  const {width, height} = it.getBoundingClientRect();
  const told = `${it.tagName} ${it.innerText || it.name || it.id}`;
  return `${isBefore ? "back to " : ""}${width * height ? "" : "unseen "}${told}`;
}
"""
"""What has the focus; empty where the page has not. The one before must stand before it."""


async def a_job(person: Person, clips: Clips) -> str:
    """Convert a video with a name that is hard to show; return the job's id."""
    async with person.client() as client:
        answer = await client.put(
            f"/upload/{quote(NAME)}",
            content=clips.tone(1).path.read_bytes(),
            headers={"Prefer": "wait=60"},
            follow_redirects=False,
        )
        assert answer.status_code == 303, answer.text
        jobs = (await client.get("/jobs")).json()["items"]
    return str(jobs[0]["job_id"])


async def places(page: Any, job: str) -> AsyncIterator[str]:
    """Go through all places, each when it is there: coming to it moves the focus."""
    await page.locator(PLACES[""]).first.wait_for()  # where the page begins, nothing moves the focus
    for each, there in PLACES.items():
        place = each.format(job=job)
        await page.evaluate("document.activeElement.blur()")
        await page.evaluate("(place) => location.hash = `#/${place}`", place)
        await page.locator("main:focus, main h1:focus").first.wait_for()
        await page.locator(there).first.wait_for()
        yield place


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_place_fits_a_small_screen_large_letters_and_any_name(
    admin: Person, browser: Browser, clips: Clips, language: str
) -> None:
    job = await a_job(admin, clips)
    async with browser.page(NARROW) as page:
        await page.add_init_script(f"localStorage.setItem('tonearm.language', '{language}')")
        await page.emulate_media(reduced_motion="reduce")
        await admin.sign_in(page)
        async for place in places(page, job):
            assert await page.evaluate("document.documentElement.lang") == language
            assert await page.evaluate(TOO_WIDE) == [], f"at 320 pixels: {place}"
            assert await page.evaluate("document.getAnimations().length") == 0, f"something moves: {place}"
            assert await page.evaluate(UNSEPARATED, NAME[:20]) == [], f"a name turns its line round: {place}"
            await page.set_viewport_size({"width": 640, "height": 900})
            await page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
            assert await page.evaluate(TOO_WIDE) == [], f"in letters twice as large: {place}"
            await page.evaluate("document.documentElement.style.removeProperty('font-size')")
            await page.set_viewport_size(NARROW)
    assert {httpx.URL(url).netloc for url in browser.requested} == {httpx.URL(admin.stack.url).netloc}


@pytest.mark.parametrize("remembered", [False, True], ids=["signed out", "signed in at last"])
async def test_the_page_is_painted_before_the_api_has_answered(
    person: Person, browser: Browser, remembered: bool
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:

        async def keep_waiting(route: Any) -> None:
            path = httpx.URL(route.request.url).path
            if path == "/" or path.startswith("/page/"):
                await route.continue_()

        await page.route("**", keep_waiting)
        if remembered:
            await page.add_init_script("localStorage.setItem('tonearm.session', 'in')")
        await page.goto(f"{person.stack.url}/", wait_until="commit")
        shown = page.locator("input[type=file]") if remembered else page.get_by_label("E-mail")
        await shown.wait_for()
        await page.unroute_all(behavior="ignoreErrors")


async def test_the_keyboard_goes_through_the_page_in_order_and_out_of_it(
    person: Person, browser: Browser
) -> None:
    async with browser.page(DESK) as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="Sign out").wait_for()
        await page.evaluate("document.activeElement.blur()")
        visited: list[str] = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            told = await page.evaluate(FOCUSED)
            if not told:
                break
            visited.append(told)
        assert visited[0] == "A Skip to the content"
        assert [each for each in visited if each.startswith(("back to", "unseen"))] == []
        assert len(visited) < 60, "the focus never leaves the page"


async def test_who_comes_to_another_place_hears_its_heading_and_a_first_load_leaves_the_focus_alone(
    person: Person, browser: Browser
) -> None:
    browser.provokes(LATE)
    async with browser.page(DESK) as page:
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_label("E-mail").fill(person.email)
        assert await page.evaluate("document.activeElement.name") == "email"
        await page.get_by_label("Password").fill(person.password)
        await page.keyboard.press("Enter")
        await page.locator("h1:focus", has_text="Account").wait_for()
        await page.get_by_role("link", name="Tonearm", exact=True).click()
        await page.locator("h1:focus", has_text="Drop").wait_for()
        await page.go_back()
        await page.locator("h1:focus", has_text="Account").wait_for()
        await page.get_by_role("button", name="Sign out").click()
        await page.locator("h1:focus", has_text="Sign in").wait_for()
        await page.reload()
        await page.get_by_label("E-mail").wait_for()
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("document.activeElement === document.body")
