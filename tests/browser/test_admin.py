"""The administration on the page: what an administrator sees and does, and that nobody else does."""

from typing import Any

import pytest
from waiting import wait_for

from events.envelope import Event, account_event, encode, job_event
from events.ids import new_id
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.types import AccountLetterRequested, FailureCode, JobFailed, JobUploaded, Letter
from infra.drills.rig.clips import Clips
from tests.browser.conftest import DESK, PHONE, REFUSED, Browser, Person, accessible
from tests.browser.stories import converters_held

pytestmark = pytest.mark.servers
PLACES = ["", "/jobs", "/parked", "/accounts", "/events"]


async def upload(person: Person, name: str, content: bytes) -> dict[str, Any]:
    async with person.client() as client:
        answer = await client.put(f"/upload/{name}", content=content)
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
    return job


async def ended(admin: Person, job_id: str) -> dict[str, Any]:
    """Return the job once its run has ended."""
    async with admin.client() as client:

        async def found() -> dict[str, Any] | None:
            job: dict[str, Any] = (await client.get(f"/admin/jobs/{job_id}")).json()
            return job if job["done"] else None

        job: dict[str, Any] = await wait_for(found, 60)
    return job


async def visit(admin: Person, page: Any, place: str = "") -> None:
    await admin.sign_in(page)
    await page.goto(f"{admin.stack.url}/#/admin{place}")
    await page.get_by_role("heading", name="Administration").wait_for()


async def test_the_overview_tells_why_jobs_failed_and_a_plot_is_read_by_keyboard(
    person: Person, admin: Person, browser: Browser, clips: Clips
) -> None:
    job = await upload(person, "poem.mp4", clips.text().path.read_bytes())
    assert (await ended(admin, job["job_id"]))["error"]["code"] == "not_media"
    async with admin.client() as client:

        async def counted() -> bool:
            points = (await client.get("/admin/history")).json()["points"]
            return any("not_media" in (each["done"] or {"failures": {}})["failures"] for each in points)

        await wait_for(counted, 30)
    async with browser.page() as page:
        await visit(admin, page)
        assert "Converter" in await page.locator("[data-worker]").first.inner_text()
        await page.locator("[data-code=not_media]").wait_for()
        plot = page.get_by_role("slider", name="Failures")
        await plot.focus()
        told = set[str]()
        for _ in range(3):
            told.add(await plot.get_attribute("aria-valuetext"))
            await page.keyboard.press("ArrowLeft")
        assert any("not_media" in each for each in told), told
        figure = page.locator("[data-plot=failures]")
        await figure.get_by_text("As a table").click()
        await figure.locator("tbody td").first.wait_for()  # drawn once the browser tells that it is open
        cells = await figure.locator("tbody td").all_inner_texts()
        assert any(cell.isdecimal() and int(cell) > 0 for cell in cells), cells


async def test_parked_work_is_put_back_and_the_job_ends_well(
    person: Person, admin: Person, browser: Browser, clips: Clips
) -> None:
    clip = clips.tone(60)
    url = person.stack.environment["RABBITMQ_URL"]
    async with Publisher(url, name="test") as publisher, amqp.connected(url, name="test") as connection:
        async with converters_held(person.stack):
            job = await upload(person, "tone.mkv", clip.path.read_bytes())
            async with person.client() as client:
                account = (await client.get("/session")).json()["account"]
            told = {"job_id": job["job_id"], "account": account, "source": "test"}
            failed = JobFailed(run=1, attempt=5, code=FailureCode.INTERNAL, message="It may work later.")
            await publisher.publish(job_event(failed, **told))
        uploaded = JobUploaded(
            filename="tone.mkv", content_type="video/x-matroska", bytes=job["bytes"], sha256=job["sha256"],
            video_id=job["job_id"],
        )  # fmt: skip
        channel = await connection.channel(confirms=True)
        headers: dict[str, str | int] = {"attempt": 5, "reason": "OSError(28, 'No space left on device')"}

        async def park(queue: str, event: Event) -> None:
            await channel.publish(topology.WORK, topology.parked(queue), encode(event), headers, new_id())

        await park(topology.VIDEO, job_event(uploaded, **told))
        assert (await ended(admin, job["job_id"]))["state"] == "failed"
        async with browser.page() as page:
            await visit(admin, page)
            await page.get_by_role("link", name="See why").click()
            item = page.locator(f"[data-parked='{job['job_id']}']")
            assert "No space left on device" in await item.inner_text()
            await item.get_by_role("button", name="Put back").click()
            done = page.get_by_text("Put back: 1. Removed: 0. Left: 0.")
            await done.wait_for()
            assert await item.count() == 0
            letter = AccountLetterRequested(letter=Letter.VERIFY)
            await park(topology.LETTERS, account_event(letter, account=account, source="test", occasion="1"))
            await page.reload()
            await page.get_by_text("Mails about accounts").wait_for()
            await page.get_by_role("button", name="Put all back").click()
            await done.wait_for()

    async def well() -> bool:
        found = await ended(admin, job["job_id"])
        return bool(found["run"] == 2 and found["audio"])

    await wait_for(well, 60)


async def test_the_tail_shows_what_others_do_as_they_do_it_and_filters_hold(
    person: Person, admin: Person, browser: Browser, clips: Clips
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page, browser.page() as filtered:
        await visit(admin, page, "/events")
        refusals = [429, 400]
        await filtered.route(
            "**/admin/events?*", lambda route: route.fulfill(status=refusals.pop(0)), times=2
        )
        await visit(admin, filtered, "/events?type=job.failed")
        await filtered.locator("#content").get_by_role("alert").wait_for()
        assert (refusals, await filtered.get_by_text("Connecting").count()) == ([], 0)
        await filtered.get_by_role("button", name="Search").click()
        await page.get_by_text("Live:").wait_for()
        await filtered.get_by_text("Live:").wait_for()
        job = await upload(person, "%3Cb%3Epoem.mp4", clips.text().path.read_bytes())
        line = page.locator("[data-event='job.uploaded']").first
        await page.get_by_text("A video came in: <b>poem.mp4").wait_for()
        await line.locator("summary").click()
        assert job["job_id"] in await line.locator("pre").inner_text()
        await filtered.get_by_text("A job failed: not_media").first.wait_for()
        types = await filtered.locator("[data-event]").evaluate_all(
            "all => all.map(each => each.dataset.event)"
        )
        assert set(types) == {"job.failed"}
        await page.get_by_role("button", name="Pause").click()
        await page.get_by_role("button", name="Go on").wait_for()
        shown = await page.locator("[data-event]").count()
        await upload(person, "again.mp4", clips.text().path.read_bytes())
        await page.get_by_text("wait.").wait_for()
        assert await page.locator("[data-event]").count() == shown
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_text("A video came in: again.mp4").wait_for()


async def test_an_account_is_found_limited_and_deleted_by_who_types_its_address(
    person: Person, admin: Person, browser: Browser
) -> None:
    browser.provokes("status of 503")
    async with browser.page() as page:
        await visit(admin, page, "/accounts")
        await page.get_by_role("searchbox").fill(person.email.upper())
        row = page.locator("[data-account]")
        await page.get_by_text(person.email).wait_for()
        await wait_for(lambda: is_one(row))
        await row.get_by_role("button", name="Limits").click()
        await row.get_by_label("Stored, in GB", exact=True).select_option("at most")
        await row.get_by_label("Stored, in GB: amount").fill("2.5")
        await accessible(page)
        await row.get_by_role("button", name="Save limits").click()
        await row.get_by_text("Has limits of its own.").wait_for()
        async with admin.client() as client:
            [found] = (await client.get("/admin/accounts", params={"q": person.email})).json()["items"]
        assert found["limits"] == {"bytes_stored": 2_500_000_000}
        away = '{"detail": "the broker is away"}'
        await page.route("**/revoke", lambda route: route.fulfill(status=503, body=away))
        await row.get_by_role("button", name="End sessions").click()
        await page.get_by_role("alert").get_by_text("The broker is away.").wait_for()
        await page.unroute("**/revoke")
        await row.get_by_role("button", name="End sessions").click()
        await page.get_by_text("is signed out everywhere").wait_for()
        assert await page.get_by_role("alert").count() == 0
        await row.get_by_role("button", name="Delete…").click()
        sure = page.get_by_role("button", name="Delete account")
        assert await sure.is_disabled()
        await accessible(page)
        await page.get_by_label("Type its address").fill(person.email)
        await sure.click()
        await page.get_by_text("No account fits.").wait_for()


async def is_one(row: Any) -> bool:
    return bool(await row.count() == 1)


async def test_an_ordinary_user_sees_nothing_of_it(person: Person, browser: Browser) -> None:
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="Sign out").wait_for()
        assert await page.get_by_role("link", name="Administration").count() == 0
        for place in PLACES:
            await page.goto(f"{person.stack.url}/#/admin{place}")
            await page.get_by_text("There is nothing at this address.").wait_for()
    assert not [url for url in browser.requested if "/admin/" in url and "/page/" not in url]
    async with person.client() as client:
        for path in ("overview", "history", "events", "accounts", "parked", "jobs"):
            assert (await client.get(f"/admin/{path}")).status_code == 403


@pytest.mark.parametrize(
    ("size", "colours", "places"),
    [(DESK, "light", ["", "/parked", "/accounts"]), (PHONE, "dark", ["", "/jobs", "/events"])],
    ids=["desk", "phone"],
)
async def test_every_place_of_it_is_for_everybody(
    admin: Person, browser: Browser, size: dict[str, int], colours: str, places: list[str]
) -> None:
    async with browser.page(size, colours) as page:
        await visit(admin, page)
        for place in places:
            await page.goto(f"{admin.stack.url}/#/admin{place}")
            await page.locator(f".admin-ways [aria-current][href='#/admin{place}']").wait_for()
            await page.locator("#content h2").first.wait_for()
            await accessible(page)
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"], place
