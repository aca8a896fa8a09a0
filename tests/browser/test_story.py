"""The story of a job: its line from the log, and a needle that shows the job as it was."""

from typing import Any

import pytest
from waiting import wait_for

from infra.drills.rig.clips import Clip, Clips
from tests.browser.conftest import DESK, PHONE, Browser, Person, accessible, drag
from tests.browser.stories import AGAIN, READY, go_on, tell
from tests.browser.test_jobs import held

pytestmark = pytest.mark.servers


async def uploaded(client: Any, clip: Clip) -> str:
    """Upload a clip as opus; return the job's id."""
    content = clip.path.read_bytes()
    answer = await client.put(f"/upload/{clip.path.name}?format=opus", content=content)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])  # a list may not have it yet


async def ended(client: Any, job: str, event: str) -> None:
    """Wait until this event is in the job's timeline."""
    async with client.stream("GET", f"/jobs/{job}/events") as events:
        async for line in events.aiter_lines():
            if line == f"event: {event}":
                return


async def at(page: Any, moment: str) -> None:
    """Wait until the needle says so: it is drawn with the next frame."""
    await page.locator(f".groove[role=slider][aria-valuetext$='{moment}']").wait_for()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_the_needle_shows_the_job_as_it_was(
    person: Person, browser: Browser, clips: Clips, size: dict[str, int]
) -> None:
    async with person.client() as client:
        job = await uploaded(client, clips.tone(1))
        await ended(client, job, "job.notified")
    async with browser.page(size) as page:
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/jobs/{job}")
        needle, then = page.get_by_role("slider", name="The moment in the story"), page.locator(".story-then")
        await needle.press("Home")
        await at(page, "waiting for a converter")
        await needle.press("ArrowRight")
        await at(page, "converting, attempt 1")
        await then.get_by_text("none yet").wait_for()
        assert await then.get_by_text("As it was:").count() == 1
        assert await then.get_attribute("data-state") == "converting"
        await accessible(page)
        await needle.press("End")
        await then.get_by_text("Opus,").wait_for()
        await then.get_by_text("As it is now").wait_for()
        assert await then.get_by_text("As it was:").count() == 0
        await drag(page, needle, 0.95, -0.01)  # the wait may have been a moment only
        await at(page, "waiting for a converter")
        await page.get_by_role("button", name="Back to now").click()
        await page.locator(".story-then[data-state=notified]").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


async def test_each_event_is_a_sentence_and_can_be_seen_as_the_log_has_it(
    person: Person, browser: Browser, clips: Clips
) -> None:
    async with person.client() as client:
        job = await uploaded(client, clips.silent())
        await ended(client, job, "job.notified")
        told = (await client.get(f"/jobs/{job}")).json()["timeline"]
    async with browser.page() as page:
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/jobs/{job}")
        events = page.locator(".story-events > li")
        await events.first.wait_for()
        assert await events.locator(".story-event").all_inner_texts() == [
            "The video arrived",
            "The conversion began",
            "The video was looked at",
            "The conversion failed",
            "The mail went out",
        ]
        failed = events.nth(3)
        await failed.locator("summary").click()
        await failed.get_by_text('"specversion"').wait_for()
        assert told[3]["id"] in await failed.locator("pre").inner_text()
        await failed.get_by_role("button", name="The conversion failed").click()
        await page.locator(".story-then[data-past][data-state=failed]").wait_for()
        await accessible(page)


async def test_it_is_told_on_while_it_happens_and_a_needle_that_was_put_back_stays(
    person: Person, browser: Browser, clips: Clips
) -> None:
    async with person.client() as client, browser.page() as page:
        job = await uploaded(client, clips.silent())
        await ended(client, job, "job.notified")
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/jobs/{job}")
        needle = page.get_by_role("slider", name="The moment in the story")
        await needle.press("Home")
        (await client.post(f"/jobs/{job}/retry")).raise_for_status()
        await page.get_by_role("button", name="It was asked for again, run 2").wait_for()
        await at(page, "waiting for a converter")
        await page.get_by_role("button", name="The mail went out").nth(1).wait_for()
        await page.emulate_media(reduced_motion="reduce")
        await page.get_by_role("button", name="Play", exact=True).last.click()
        await page.get_by_text("As it is now").wait_for()


async def test_what_happens_before_the_page_hears_of_events_is_told_as_soon_as_it_does(
    person: Person, browser: Browser
) -> None:
    browser.provokes("status of 500")
    [job] = await tell(person, ("talk.mp4", READY))
    async with person.client() as client, browser.page() as page:
        async with held(page, "**/events"):
            await person.sign_in(page)
            await page.goto(f"{person.stack.url}/#/jobs/{job}")
            await page.get_by_role("button", name="The mail went out").wait_for()
            await go_on(person, {job: [AGAIN]})

            async def is_again() -> bool:
                return bool((await client.get(f"/jobs/{job}")).json()["run"] == 2)

            await wait_for(is_again)
        await page.get_by_role("button", name="It was asked for again, run 2").wait_for()


async def test_it_is_played_to_its_end_though_something_happens_meanwhile(
    person: Person, browser: Browser
) -> None:
    browser.provokes("status of 500")
    [job] = await tell(person, ("talk.mp4", READY))
    async with browser.page() as page:
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/jobs/{job}")
        await page.get_by_role("button", name="Play", exact=True).last.click()
        await page.get_by_text("As it was:").wait_for()
        await go_on(person, {job: [AGAIN]})
        await page.get_by_role("button", name="It was asked for again, run 2").wait_for()
        await page.get_by_text("As it is now").wait_for()


async def test_what_cannot_be_told_of_the_past_is_asked_for_again_after_a_while(
    person: Person, browser: Browser
) -> None:
    browser.provokes("status of 503")
    [job] = await tell(person, ("talk.mp4", ()))
    asked: list[str] = []

    async def refuse(route: Any) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=503, json={"detail": "the log is away"})

    async with browser.page() as page:
        await person.sign_in(page)
        await page.route(f"**/jobs/{job}?at=*", refuse)
        await page.goto(f"{person.stack.url}/#/jobs/{job}")
        await page.get_by_role("slider", name="The moment in the story").press("Home")
        await page.locator(".story-then").get_by_text("The log is away.").wait_for()
        for _ in range(5):
            await page.evaluate("new Promise(requestAnimationFrame)")
        assert len(asked) == 1
        await page.unroute(f"**/jobs/{job}?at=*")
        await page.locator(".story-then").get_by_text("talk.mp4").wait_for()


async def test_who_leaves_a_story_leaves_no_question_and_no_stream_behind(
    person: Person, browser: Browser
) -> None:
    [job] = await tell(person, ("talk.mp4", ()))
    async with browser.page() as page:
        await person.sign_in(page)
        await page.route(f"**/jobs/{job}", lambda _: None)  # nobody answers
        async with page.expect_request(f"**/jobs/{job}"):
            await page.goto(f"{person.stack.url}/#/jobs/{job}")
        async with page.expect_event("requestfailed", lambda request: request.url.endswith(job)):
            await page.get_by_role("link", name="Jobs", exact=True).click()
        await page.unroute(f"**/jobs/{job}")
        await page.route(f"**/jobs/{job}/events*", lambda _: None)  # a line on which nothing comes
        await page.goto(f"{person.stack.url}/#/jobs/{job}")
        await page.locator(".story-events summary").click()
        async with page.expect_event("requestfailed", lambda request: f"{job}/events" in request.url):
            await page.get_by_role("link", name="Jobs", exact=True).click()
