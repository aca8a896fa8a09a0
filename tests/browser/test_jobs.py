"""The list of jobs: live, in order, and of any length."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zipfile import ZipFile

import pytest
from waiting import wait_for

from events.types import FailureCode, JobStarted
from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack
from tests.browser.conftest import LATE, Browser, Person, accessible
from tests.browser.stories import AGAIN, READY, STARTED, converters_held, failed, go_on, tell

pytestmark = pytest.mark.servers
SOON = 20_000
"""Milliseconds within which the page shows what has happened, on a busy machine."""
TINY = {"width": 320, "height": 640}
PLAIN_HTTP = """
Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
Object.defineProperty(Document.prototype, "hidden", { get: () => window.isHidden ?? false });
"""
"""What a page has none of that came over plain HTTP; and a way to hide it."""
IN_SIGHT = """
    (id) => document.querySelector(`[data-job-id="${id}"]`)?.getBoundingClientRect().bottom <= innerHeight
"""
SEEN = "(is) => { window.isHidden = !is; document.dispatchEvent(new Event('visibilitychange')); }"


def row(page: Any, job_id: str, state: str = "") -> Any:
    return page.locator(f'[data-job-id="{job_id}"]' + (f'[data-state="{state}"]' if state else ""))


def rows(page: Any) -> Any:
    return page.locator("[data-job-id]")


async def scroll_to(page: Any, job_id: str) -> None:
    """Scroll down until a row is in sight. It may be drawn, and not any more, on the way."""
    while not await page.evaluate(IN_SIGHT, job_id):
        await page.evaluate("scrollBy(0, 3000)")  # at once: a wheel turns on for a while
        assert await rows(page).count() < 80, "what is far away is not drawn"


async def names(page: Any) -> list[str]:
    return [text.strip() for text in await page.locator(".job-name").all_inner_texts()]


async def upload(person: Person, path: Any, **query: str) -> str:
    async with person.client() as client:
        answer = await client.put(f"/upload/{path.name}", content=path.read_bytes(), params=query)
        answer.raise_for_status()
        return str(answer.json()["job_id"])


async def test_a_job_goes_from_upload_to_ready_without_a_reload(
    person: Person, browser: Browser, clips: Clips
) -> None:
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_text("What you convert will stand here.").wait_for()
        good = await upload(person, clips.tone(2).path)
        await row(page, good).wait_for(timeout=SOON)
        browser.requested.clear()  # from here on the page hears of events
        bad = await upload(person, clips.silent().path)
        await row(page, good, "notified").wait_for(timeout=60_000)
        await row(page, bad, "failed").wait_for(timeout=60_000)
        assert "MP3" in await row(page, good).inner_text()
        async with page.expect_download() as download:
            await row(page, good).get_by_role("link", name="Download").click()
        assert (await download.value).suggested_filename.endswith(".mp3")
        assert "sound" in await row(page, bad).inner_text()
        await accessible(page)
        assert not [url for url in browser.requested if re.search(r"/jobs(\?|/[0-9a-f-]+$)", url)], (
            "nothing is polled"
        )


async def test_a_failure_is_a_sentence_with_the_one_button_that_helps(
    person: Person, browser: Browser
) -> None:
    browser.provokes("status of 410")
    helps = {
        FailureCode.INTERNAL: "Convert again",
        FailureCode.TRACK_MISSING: "Choose another track",
        FailureCode.OUT_OF_RANGE: "Choose another part",
        FailureCode.TRUNCATED: "Convert what is there",
        FailureCode.NO_AUDIO: None,
    }
    stories = [(f"{code}.mp4", failed(code, f"It is {code}.")) for code in helps]
    ids = await tell(person, *stories, partial=False)
    async with browser.page() as page:
        await person.sign_in(page)
        for job_id, (code, help_) in zip(ids, helps.items(), strict=True):
            await row(page, job_id, "failed").get_by_text(f"It is {code}.").wait_for()
            ways = row(page, job_id).locator(".job-ways")
            if help_:
                await ways.get_by_text(help_).wait_for()  # how to help is loaded when a job fails
            assert (await ways.inner_text()).split("\n") == ["Delete", *([help_] if help_ else [])]
        async with held(page, "**/retry"):
            await page.get_by_role("button", name="Convert what is there").dblclick()
        await page.locator(".toast").first.wait_for()
        assert len([url for url in browser.requested if url.endswith("/retry")]) == 1


async def test_what_waits_is_cancelled_and_converted_again_and_deleted_unless_that_is_undone(
    person: Person, browser: Browser, clips: Clips
) -> None:
    async with browser.page() as page:
        await person.sign_in(page)
        async with converters_held(person.stack):
            job_id = await upload(person, clips.tone(2).path)
            await row(page, job_id).get_by_role("button", name="Cancel").click()
            await row(page, job_id, "cancelled").wait_for()
            await row(page, job_id).get_by_role("button", name="Convert again").click()
            await row(page, job_id, "uploaded").wait_for()
        await row(page, job_id, "notified").wait_for(timeout=60_000)
        await row(page, job_id).get_by_role("button", name="Delete").click()
        await rows(page).wait_for(state="detached")
        await page.get_by_role("button", name="Undo").click()
        await row(page, job_id, "notified").wait_for()
        await row(page, job_id).get_by_role("button", name="Delete").click()
        await rows(page).wait_for(state="detached")
        await page.goto(f"{person.stack.url}/schema")
    async with person.client() as client:

        async def is_gone() -> bool:
            return (await client.get(f"/jobs/{job_id}")).status_code == 410

        await wait_for(is_gone, message="who leaves the page has meant it")


async def test_many_are_selected_by_a_range_and_all_that_match_and_done_to_at_once(
    person: Person, browser: Browser, clips: Clips
) -> None:
    browser.provokes("status of 429")
    job_id = await upload(person, clips.silent().path)
    ids = await tell(person, *((f"{number}.mp4", ()) for number in range(60)))
    async with browser.page() as page:
        await person.sign_in(page)
        await row(page, ids[-1]).get_by_role("checkbox").click()
        await row(page, ids[-4]).get_by_role("checkbox").click(modifiers=["Shift"])
        await page.get_by_role("group", name="4 selected").get_by_role("button", name="Cancel").click()
        for each in ids[-4:]:
            await row(page, each, "cancelled").wait_for()
        await row(page, ids[-1]).get_by_role("checkbox").click()
        async with held(page, "**/jobs?*cursor=*"):
            await page.get_by_role("button", name="Select all 61").click()
            await page.get_by_role("button", name="Select none").click()
        await row(page, ids[-1]).get_by_role("checkbox").click()
        await page.get_by_role("group", name="1 selected").wait_for()
        await page.get_by_role("button", name="Select all 61").click()
        chosen = page.get_by_role("group", name="61 selected")
        await chosen.get_by_role("button", name="Cancel (56)").wait_for()
        await accessible(page)
        await page.route("**/cancel", busy, times=3)
        await chosen.get_by_role("button", name="Cancel (56)").click()
        await page.locator('[data-filter="cancelled"]', has_text="60").wait_for(timeout=SOON)
        await page.locator('[data-filter="failed"]').click()
        await row(page, job_id).get_by_role("checkbox").click()
        await page.get_by_role("group").get_by_role("button", name="Convert again").click()
        async with person.client() as client:

            async def is_again() -> bool:
                return bool((await client.get(f"/jobs/{job_id}")).json()["run"] == 2)

            await wait_for(is_again)
            await page.locator('[data-filter="cancelled"]').click()
            await row(page, ids[-1]).get_by_role("checkbox").click()
            await page.get_by_role("button", name="Select all 60").click()
            refused: list[str] = []

            async def busy_at_first(route: Any) -> None:
                if route.request.method == "DELETE" and len(refused) < 3:
                    refused.append(route.request.url)
                    await busy(route)
                else:
                    await route.fallback()

            await page.route("**/jobs/*", busy_at_first)
            await page.get_by_role("group", name="60 selected").get_by_role("button", name="Delete").click()
            await page.get_by_role("button", name="Close").last.click()

            async def are_gone() -> bool:
                counts = (await client.get("/jobs/counts")).json()["states"]
                return bool(counts["cancelled"] == 0)

            await wait_for(are_gone)
    assert len(refused) == 3, "who asks too often waits, and has deleted all the same"


async def busy(route: Any) -> None:
    """Answer as the server does to who has asked too often."""
    await route.fulfill(status=429, headers={"Retry-After": "1"})


async def test_the_videos_of_many_are_converted_with_other_options_and_it_says_which_are_not(
    person: Person, browser: Browser, clips: Clips
) -> None:
    browser.provokes("status of 410")
    lost = failed(FailureCode.INTERNAL)
    await tell(person, ("gone.mp4", lost), ("gone too.mp4", lost))
    job_id = await upload(person, clips.tone(2).path)
    async with browser.page() as page:
        await person.sign_in(page)
        await row(page, job_id).get_by_role("checkbox").click()
        await page.get_by_role("button", name="Select all 3").click()
        await page.get_by_role("button", name="With other options…").click()
        dialog = page.get_by_role("dialog", name="Convert 3 videos once more")
        await dialog.get_by_label("Format").select_option("flac")
        await accessible(page)
        await dialog.get_by_role("button", name="Convert").click()
        refused = page.locator(".toast.bad")
        assert re.fullmatch(
            "2 were refused \\(.gone too.mp4., .gone.mp4.\\)\\. The video .+", await refused.inner_text()
        )
        await rows(page).nth(3).wait_for(timeout=SOON)
        assert await page.get_by_role("group", name="selected").count() == 0
        await rows(page).first.get_by_role("checkbox").click()
        await page.get_by_role("button", name="Select all 4").click()
        await page.get_by_role("button", name="With other options… (3)").wait_for()  # of two jobs one video
    async with person.client() as client:
        [other] = [
            each for each in (await client.get("/jobs")).json()["items"] if "format" in each["options"]
        ]
        assert (other["options"]["format"], other["family"]) == ("flac", job_id)


async def test_the_audio_of_many_is_downloaded_as_one_zip(
    person: Person, browser: Browser, clips: Clips
) -> None:
    [failed_id] = await tell(person, ("lost.mp4", failed(FailureCode.INTERNAL)))
    ready = [await upload(person, clips.tone(2).path) for _ in range(2)]
    async with browser.page() as page:
        await person.sign_in(page)
        for job_id in ready:
            await row(page, job_id, "notified").wait_for(timeout=60_000)
        await row(page, ready[0]).get_by_role("checkbox").click()
        await page.get_by_role("group", name="1 selected").wait_for()
        assert await page.get_by_role("button", name="Download as ZIP").count() == 0, "of one there is a file"
        await page.get_by_role("button", name="Select all 3").click()
        await row(page, failed_id).wait_for()
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Download as ZIP (2)").click()
        fetched = await download.value
        assert fetched.suggested_filename == "tonearm.zip"
        with ZipFile(await fetched.path()) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert len(names) == 3
            assert names[1] == names[0].replace(".mp3", " (2).mp3")
        assert "on its way" in await page.locator(".toast").first.inner_text()
        await page.get_by_role("group", name="selected").wait_for(state="detached")
        await accessible(page)


async def test_what_can_be_done_to_a_job_in_the_list_is_done_at_its_place_too(
    person: Person, browser: Browser, clips: Clips
) -> None:
    job_id = await upload(person, clips.tone(2).path, track="7")
    async with browser.page() as page:
        await person.sign_in(page)
        await row(page, job_id, "failed").get_by_role("link", name="Choose another track").click()
        track = page.get_by_role("textbox", name="Audio track")
        await wait_for(lambda: track.evaluate("field => field === document.activeElement"))
        await page.get_by_role("button", name="Never mind").click()
        await page.get_by_role("button", name="Choose another track").click()
        await wait_for(lambda: track.evaluate("field => field === document.activeElement"))
        await accessible(page)
        await page.get_by_role("button", name="Convert again", exact=True).click()
        async with person.client() as client:

            async def is_again() -> bool:
                return bool((await client.get(f"/jobs/{job_id}")).json()["run"] == 2)

            await wait_for(is_again)
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("heading", name="Drop a video here").wait_for()
        await rows(page).wait_for(state="detached")
        await page.get_by_role("button", name="Undo").click()
        await row(page, job_id).wait_for()
        [job_id] = await tell(person, ("talk.mp4", (STARTED,)))
        await row(page, job_id, "converting").get_by_role("link", name="talk.mp4").click()
        await page.get_by_role("article").get_by_role("button", name="Cancel").click()
        await (
            row(page, job_id, "cancelled").get_by_role("button", name="Convert again", exact=True).wait_for()
        )


async def test_a_search_and_a_filter_stay_when_the_page_is_loaded_again(
    person: Person, browser: Browser
) -> None:
    lost = failed(FailureCode.INTERNAL)
    await tell(person, ("Talk.mp4", READY), ("A walk.mp4", lost), ("song.mp4", lost), ("A TALK.mp4", lost))
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_role("searchbox").press_sequentially("talk")
        await wait_for(lambda: is_shown(page, ["A TALK.mp4", "Talk.mp4"]))
        await page.locator('[data-filter="failed"]').click()
        await wait_for(lambda: is_shown(page, ["A TALK.mp4"]))
        await page.reload()
        await wait_for(lambda: is_shown(page, ["A TALK.mp4"]))
        assert await page.get_by_role("searchbox").input_value() == "talk"
        [new] = await tell(person, ("new talk.mp4", lost))
        await row(page, new).wait_for(timeout=SOON)
        await page.go_back()
        await wait_for(lambda: is_shown(page, ["new talk.mp4", "A TALK.mp4", "Talk.mp4"]))
        search = page.get_by_role("searchbox")
        await search.fill("opera")
        await page.get_by_text("Show all").wait_for()
        await search.fill("")
        await row(page, new).wait_for(timeout=SOON)
        assert await search.evaluate("element => element === document.activeElement")


async def test_who_comes_back_from_a_job_is_where_they_were_in_the_list(
    person: Person, browser: Browser
) -> None:
    browser.provokes("status of 500")  # no converter has put any audio behind these jobs
    ids = await tell(person, *((f"{number}.mp4", READY) for number in range(60)))
    async with browser.page() as page:
        await person.sign_in(page)
        await row(page, ids[-1]).wait_for(timeout=SOON)
        await scroll_to(page, ids[0])
        place = (await row(page, ids[0]).bounding_box())["y"]
        await row(page, ids[0]).get_by_role("link", name="0.mp4", exact=True).click()
        await page.get_by_role("heading", name="0.mp4").wait_for()
        await page.go_back()
        left = page.locator(f'li[data-job-id="{ids[0]}"]')
        await left.wait_for()
        await wait_for(lambda: stands_at(left, place))
        [new] = await tell(person, ("new.mp4", READY))
        await page.locator('[data-filter="all"]', has_text="61").wait_for(timeout=SOON)
        assert await stands_at(left, place), "a job that comes above moves nothing that one looks at"
        await page.evaluate("scrollTo(0, 0)")
        await row(page, new).wait_for(timeout=SOON)


async def stands_at(row: Any, place: float) -> bool:
    return abs((await row.bounding_box())["y"] - place) < 2


async def is_shown(page: Any, wanted: list[str]) -> bool:
    return await names(page) == wanted


async def test_the_list_stands_while_it_is_loaded_anew(person: Person, browser: Browser) -> None:
    [job_id] = await tell(person, ("talk.mp4", READY))
    async with browser.page() as page:
        async with held(page, "**/events"):
            await person.sign_in(page)
            await row(page, job_id).wait_for(timeout=SOON)
            asked = asyncio.Event()
            await page.route("**/jobs?*", lambda _: asked.set())  # an answer that does not come
        await asyncio.wait_for(asked.wait(), 30)
        for _ in range(2):
            await page.evaluate("new Promise(requestAnimationFrame)")
        assert await row(page, job_id).is_visible()


async def test_it_is_loaded_anew_as_far_as_it_was_loaded(person: Person, browser: Browser) -> None:
    browser.provokes("status of 500")  # no converter has put any audio behind these jobs
    ids = await tell(person, *((f"{number}.mp4", READY) for number in range(140)))
    job_id = ids[70]  # of the second page of three, in the middle: neither end is in sight
    async with person.client() as client, browser.page() as page:
        async with held(page, "**/events"):
            await person.sign_in(page)
            await row(page, ids[-1]).wait_for(timeout=SOON)
            await scroll_to(page, ids[0])
            await page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
            await row(page, job_id, "notified").wait_for()
            await go_on(person, {job_id: [AGAIN]})

            async def is_again() -> bool:
                return bool((await client.get(f"/jobs/{job_id}")).json()["run"] == 2)

            await wait_for(is_again)
        await row(page, job_id, "notified").wait_for(state="detached")


@asynccontextmanager
async def held(page: Any, part: str) -> AsyncIterator[None]:
    """Let the page wait for this part of it."""
    goes_on = asyncio.Event()

    async def hold(route: Any) -> None:
        await goes_on.wait()
        await route.continue_()

    await page.route(part, hold)
    yield
    goes_on.set()


async def test_who_signs_in_where_another_was_sees_and_undoes_nothing_of_theirs(
    person: Person, admin: Person, browser: Browser
) -> None:
    browser.provokes(LATE)
    theirs, deleted = await tell(admin, ("theirs.mp4", READY), ("unwanted.mp4", READY))
    [mine] = await tell(person, ("mine.mp4", READY))
    async with browser.page() as page:
        await admin.sign_in(page)
        await row(page, theirs).wait_for(timeout=SOON)
        await row(page, deleted).get_by_role("button", name="Delete").click()
        await page.get_by_role("button", name="Undo").wait_for()
        async with held(page, "**/entry/view.js"):
            await page.get_by_role("button", name="Sign out").click()
            await rows(page).first.wait_for(state="detached", timeout=SOON)
        await page.get_by_label("E-mail").fill(person.email)
        assert await page.get_by_text(re.compile("unwanted|Undo")).count() == 0
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        await row(page, mine).wait_for(timeout=SOON)
        assert await names(page) == ["mine.mp4"]
        await tell(admin, ("theirs too.mp4", READY))
        [other] = await tell(person, ("mine too.mp4", READY))
        await row(page, other).wait_for(timeout=SOON)
        await wait_for(lambda: is_shown(page, ["mine too.mp4", "mine.mp4"]))
    async with admin.client() as client:

        async def is_gone() -> bool:
            return (await client.get(f"/jobs/{deleted}")).status_code == 410

        await wait_for(is_gone, message="who signs out has meant it")


@pytest.mark.long
async def test_a_video_is_converted_and_its_row_says_so_though_the_gateway_was_killed_meanwhile(
    person: Person, browser: Browser, clips: Clips
) -> None:
    browser.provokes("net::ERR_", "status of 50")
    stack: Stack = person.stack
    async with browser.page() as page:
        await person.sign_in(page)
        job_id = await upload(person, clips.tone(600).path)
        await row(page, job_id, "converting").wait_for()
        async with converters_held(stack):
            await page.route("**/events?*", lambda route: route.abort())  # though it comes back at once
            await stack.signal("gateway", signal.SIGKILL)
            await page.get_by_text("The connection is lost.").wait_for(timeout=SOON)
            await page.unroute("**/events?*")
        await wait_for(lambda: stack.pid("gateway"), 60)
        await stack.all_ready()
        await row(page, job_id, "notified").wait_for(timeout=60_000)
        await page.get_by_text("The connection is lost.").wait_for(state="detached", timeout=SOON)


@pytest.mark.long
async def test_twelve_tabs_are_open_and_the_thirteenth_loads_and_all_hear_by_one_stream(
    person: Person, browser: Browser
) -> None:
    [job_id] = await tell(person, ("talk.mp4", ()))
    streams: list[Any] = []
    async with browser.page() as first:
        first.context.on("request", lambda request: "/events" in request.url and streams.append(request))
        await person.sign_in(first)
        tabs = [first]
        while len(tabs) < 13:
            tabs.append(await first.context.new_page())
            await tabs[-1].goto(f"{person.stack.url}/")
            await row(tabs[-1], job_id, "uploaded").wait_for(timeout=SOON)
        await go_on(person, {job_id: [STARTED]})
        for tab in tabs:
            await row(tab, job_id, "converting").wait_for(timeout=SOON)
        assert len(streams) == 1
        leader = streams[0].frame.page
        await leader.close()
        await go_on(person, {job_id: READY[1:]})
        for tab in tabs:
            if tab is not leader:
                await row(tab, job_id, "notified").wait_for(timeout=SOON)
        await wait_for(lambda: len(streams) == 2)  # a tab that closes may tell the others for a moment yet
        assert [bool(re.search(r"after=\d+", each.url)) for each in streams] == [False, True]


async def test_without_locks_a_tab_has_a_stream_while_it_is_seen_and_misses_nothing(
    person: Person, browser: Browser
) -> None:
    [job_id] = await tell(person, ("talk.mp4", ()))
    async with browser.page() as page:
        await page.add_init_script(PLAIN_HTTP)
        await person.sign_in(page)
        await row(page, job_id, "uploaded").wait_for(timeout=SOON)
        await wait_for(lambda: any(url.endswith("/events") for url in browser.requested))
        async with page.expect_event("requestfailed", lambda request: request.url.endswith("/events")):
            await page.evaluate(SEEN, False)
        await go_on(person, {job_id: [STARTED]})
        await page.evaluate(SEEN, True)
        await row(page, job_id, "converting").wait_for(timeout=SOON)


@pytest.mark.long
async def test_of_a_thousand_rows_those_in_sight_are_drawn_and_all_are_live(
    person: Person, browser: Browser
) -> None:
    lost = failed(FailureCode.INTERNAL)[1:]
    ids = await tell(person, *((f"{number} {'long ' * (number % 40)}.mp4", lost) for number in range(1000)))
    async with browser.page() as page:
        await person.sign_in(page)
        await row(page, ids[-1]).wait_for(timeout=SOON)
        await scroll_to(page, ids[0])
        await go_on(person, {ids[0]: [JobStarted(run=2, attempt=1, worker="w")]})
        await row(page, ids[0], "converting").wait_for(timeout=SOON)
        assert await row(page, ids[0]).get_attribute("aria-posinset") == "1000"
        assert await row(page, ids[0]).get_attribute("aria-setsize") == "1000"


async def test_names_are_text_and_stay_in_their_place_on_the_smallest_screen(
    person: Person, browser: Browser
) -> None:
    hostile = [
        "<b>bold</b><img src=x onerror=alert(1)>.mp4",
        "\u202egpm.evil.mp4",
        "😀" * 63,
        "م" * 90,
        "W" * 250,
    ]
    await tell(person, *((name, READY) for name in hostile), *((name, ()) for name in hostile))
    async with browser.page(TINY, "dark") as page:
        await person.sign_in(page)
        await page.locator('[data-filter="all"]', has_text="10").wait_for(timeout=SOON)
        await page.get_by_role("searchbox").fill("bold")
        await page.locator(
            ".job-name", has_text="<b>bold</b><img src=x onerror=alert(1)>.mp4"
        ).first.wait_for()
        assert await page.locator(".job-list b, .job-list img").count() == 0
        await page.get_by_role("searchbox").fill("")
        await wait_for(lambda: "q=" not in page.url)
        await page.locator(".job-name", has_text="WWW").first.wait_for(timeout=SOON)
        assert await page.evaluate("document.documentElement.scrollWidth") <= TINY["width"]
        await rows(page).first.get_by_role("checkbox").click()
        await page.get_by_role("button", name="Select none").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") <= TINY["width"]
        await accessible(page)


async def test_all_is_done_by_keyboard_alone(person: Person, browser: Browser) -> None:
    ids = await tell(person, *((f"{number}.mp4", READY) for number in range(5)))
    async with browser.page() as page:
        await person.sign_in(page)
        await row(page, ids[-1]).wait_for(timeout=SOON)
        await page.get_by_role("searchbox").focus()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.get_by_role("group", name="1 selected").wait_for()
        for key in ("ArrowDown", "Shift+Space"):
            await page.keyboard.press(key)
        await page.get_by_role("group", name="2 selected").wait_for()
        await page.keyboard.press("End")
        await wait_for(lambda: focused(page, ids[0]))
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")  # delete it
        await row(page, ids[0]).wait_for(state="detached")
        await wait_for(lambda: focused(page, ids[1]))
        await page.keyboard.press("Control+z")
        await row(page, ids[0]).wait_for()
        assert await focused(page, ids[1])


async def focused(page: Any, job_id: str) -> bool:
    return bool(
        await page.evaluate("document.activeElement.closest('[data-job-id]')?.dataset.jobId") == job_id
    )
