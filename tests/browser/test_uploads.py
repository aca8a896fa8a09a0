"""Uploads from the page, over real lines that break, to a real gateway that dies."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from waiting import wait_for

from infra.drills.rig.clips import Clips
from tests.browser.conftest import DESK, LATE, PHONE, REFUSED, Browser, Person, accessible
from tests.servers.line import Line
from tests.servers.path_prefix import PathPrefix

pytestmark = pytest.mark.servers
PIECE = 8_000_000
SLOW = 4_000_000
PLAIN_HTTP = """
delete Crypto.prototype.randomUUID;
for (const kept of ["locks", "serviceWorker", "storage", "clipboard"])
  Object.defineProperty(Navigator.prototype, kept, { value: undefined });
delete globalThis.caches;
"""
"""What browsers keep from a page that comes over plain HTTP from another machine."""


class Uploads:
    """The page of somebody who uploads, and what it asks of the server."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.pieces: list[int] = []
        self.stood: list[int] = []
        self.created = 0
        page.on("request", self._asked)
        page.on("response", self._answered)

    async def choose(self, *files: Path | dict[str, Any]) -> None:
        await self.page.locator("input[type=file]").set_input_files(list(files))

    def row(self, name: str) -> Any:
        return self.page.locator("[data-upload-id]").filter(has_text=name)

    def button(self, what: str) -> Any:
        return self.page.get_by_role("button", name=what)

    async def wait_until(self, state: str) -> None:
        await self.page.locator(f"[data-upload-id][data-state={state}]").first.wait_for()

    async def percent(self) -> int:
        """Return how far the first upload is; 0 if there is none."""
        shown: int = await self.page.evaluate("document.querySelector('.upload progress')?.value ?? 0")
        return shown

    async def reach(self, percent: int) -> None:
        """Wait until the first upload is that far."""

        async def is_there() -> bool:
            return await self.percent() >= percent

        await wait_for(is_there, 30)

    async def done(self) -> None:
        """Wait until nothing is on its way any more."""
        under_way = "[data-upload-id]:not([data-state=done], [data-state=refused])"
        await self.page.locator(under_way).first.wait_for(state="detached", timeout=60_000)

    def _asked(self, request: Any) -> None:
        if "/files" in request.url:
            self.created += request.method == "POST"
            if request.method == "PATCH":
                self.pieces.append(int(request.headers["upload-offset"]))

    def _answered(self, response: Any) -> None:
        if "/files/" in response.url and response.request.method == "HEAD" and response.ok:
            self.stood.append(int(response.headers["upload-offset"]))


@asynccontextmanager
async def uploads(
    person: Person, browser: Browser, url: str = "", size: dict[str, int] = DESK, colours: str = "light"
) -> AsyncIterator[Uploads]:
    """Open the page of a person; by a line of its own, if there is a `url`."""
    async with browser.page(size, colours) as page:
        await person.sign_in(page, url)
        await page.get_by_role("button", name="Sign out").wait_for()
        yield Uploads(page)


@asynccontextmanager
async def slow_line(person: Person) -> AsyncIterator[Line]:
    async with Line(httpx.URL(person.stack.url).port or 0, SLOW) as line:
        yield line


def url_of(line: Line) -> str:
    return f"http://127.0.0.1:{line.port}"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of two and a half pieces that no decoder likes."""
    path = tmp_path / "long film.mp4"
    path.write_bytes(os.urandom(20_000_000))
    return path


async def jobs_of(person: Person, count: int) -> list[dict[str, Any]]:
    """Wait for the person's jobs, and return them as the API tells of them."""
    async with person.client() as client:

        async def jobs() -> list[dict[str, Any]] | None:
            items = (await client.get("/jobs")).json()["items"]
            return items if len(items) == count else None

        found: list[dict[str, Any]] = await wait_for(jobs, 30)
    return found


async def video_of(person: Person) -> str:
    """Return the hash of the only video."""
    (job,) = await jobs_of(person, 1)
    async with person.client() as client:
        told = (await client.get(f"/jobs/{job['job_id']}")).json()
    sha256: str = told["video"]["sha256"]
    return sha256


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def drop(page: Any, *paths: Path) -> None:
    """Drop files and folders as a file manager does."""
    devtools = await page.context.new_cdp_session(page)
    held = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for step in ("dragEnter", "dragOver", "drop"):
        if step == "drop":
            await page.get_by_text("Let go to upload").wait_for()
        await devtools.send("Input.dispatchDragEvent", {"type": step, "x": 20, "y": 20, "data": held})


async def test_a_video_that_is_dropped_becomes_a_job(person: Person, browser: Browser, clips: Clips) -> None:
    clip = clips.tone(1)
    async with uploads(person, browser) as sender:
        await drop(sender.page, clip.path)
        (job,) = await jobs_of(person, 1)
        assert job["filename"] == clip.path.name
        await sender.row(clip.path.name).wait_for(state="detached")
        await accessible(sender.page)
    assert await video_of(person) == clip.sha256


async def test_a_video_that_is_pasted_becomes_a_job_and_is_no_upload_any_more(
    person: Person, browser: Browser
) -> None:
    is_sent = asyncio.Event()

    async def hold(route: Any) -> None:
        await is_sent.wait()
        await route.continue_()

    async with browser.page() as page:
        await page.route(lambda url: urlsplit(url).path == "/events", hold)
        await person.sign_in(page)
        await page.get_by_text("What you convert will stand here.").wait_for()
        sender = Uploads(page)
        await sender.page.evaluate(
            """() => {
              const clipboardData = new DataTransfer();
              clipboardData.items.add(new File(["no video"], "pasted.mp4", {type: "video/mp4"}));
              dispatchEvent(new ClipboardEvent("paste", {clipboardData, cancelable: true}));
            }"""
        )
        (job,) = await jobs_of(person, 1)
        assert job["filename"] == "pasted.mp4"
        await sender.wait_until("done")
        is_sent.set()
        await page.locator("[data-job-id]").wait_for()
        assert await sender.row("pasted.mp4").count() == 0
        async with person.client() as client:
            (await client.delete(f"/jobs/{job['job_id']}")).raise_for_status()
        await page.locator("[data-job-id]").wait_for(state="detached")
        assert await sender.row("pasted.mp4").count() == 0, "its job is deleted, and it does not come back"


async def test_of_three_files_the_broken_one_holds_up_nobody(
    person: Person, browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    (empty := tmp_path / "nothing.mp4").touch()
    async with uploads(person, browser) as sender:
        await sender.choose(clips.tone(1).path, empty, clips.text().path)
        await sender.row("nothing.mp4").get_by_text("The file is empty.").wait_for()
        jobs = await jobs_of(person, 2)
        await sender.button("Remove: nothing.mp4").click()
        await sender.row("nothing.mp4").wait_for(state="detached")
        assert sender.created == 2
    assert {job["filename"] for job in jobs} == {clips.tone(1).path.name, clips.text().path.name}


async def test_a_file_above_the_limit_is_told_so_before_a_byte_is_sent(
    person: Person, browser: Browser, tmp_path: Path
) -> None:
    with (tmp_path / "whole life.mkv").open("wb") as file:
        file.truncate(20 * 10**9)
    async with uploads(person, browser) as sender:
        await sender.choose(tmp_path / "whole life.mkv")
        await sender.row("whole life.mkv").get_by_text("The file has 20 GB. At most").wait_for()
        assert sender.created == 0


@pytest.mark.long
async def test_a_line_that_breaks_costs_no_byte_that_has_come(
    person: Person, browser: Browser, film: Path
) -> None:
    browser.provokes("net::ERR_")
    async with slow_line(person) as line, uploads(person, browser, url_of(line)) as sender:
        await sender.choose(film)
        await sender.reach(30)
        await line.cut()
        await sender.wait_until("offline")
        await sender.row(film.name).get_by_text("It goes on by itself.").wait_for()
        await line.mend()
        await sender.done()
        assert sender.created == 1
        assert sender.stood
        assert sender.stood[-1] > 0
        assert sender.stood[-1] in sender.pieces, "it goes on where the server stands"
        assert sender.pieces == sorted(sender.pieces), "and never goes back"
    assert await video_of(person) == hash_of(film)


async def test_an_upload_whose_first_request_is_swallowed_by_the_line_goes_on(
    person: Person, browser: Browser, clips: Clips
) -> None:
    is_swallowed = asyncio.Event()

    async def swallow_the_first(route: Any) -> None:
        if route.request.method != "POST" or is_swallowed.is_set():
            await route.continue_()
        else:
            is_swallowed.set()

    clip = clips.tone(1)
    async with browser.page() as page:
        await page.clock.install()
        await page.route(lambda url: urlsplit(url).path == "/files", swallow_the_first)
        await person.sign_in(page)
        await page.get_by_role("button", name="Sign out").wait_for()
        sender = Uploads(page)
        await sender.choose(clip.path)
        await is_swallowed.wait()
        await page.clock.fast_forward(70_000)
        assert await video_of(person) == clip.sha256
        assert sender.created == 2


@pytest.mark.long
async def test_a_gateway_that_is_killed_costs_no_byte_that_has_come(
    person: Person, browser: Browser, film: Path
) -> None:
    browser.provokes("net::ERR_", "status of 50")
    async with slow_line(person) as line, uploads(person, browser, url_of(line)) as sender:
        await sender.choose(film)
        await sender.reach(50)
        await person.stack.signal("gateway", signal.SIGKILL)
        await person.stack.all_ready()
        await sender.done()
        assert await sender.page.locator("[data-state=refused]").all_inner_texts() == []
        assert sender.created == 1
        assert sender.pieces.count(0) == 1, "the piece that was answered is not sent again"
        assert sender.pieces == sorted(sender.pieces)
    assert await video_of(person) == hash_of(film)


async def test_leaving_asks_and_a_reload_loses_one_piece_at_most(
    person: Person, browser: Browser, film: Path
) -> None:
    asked: list[str] = []
    async with slow_line(person) as line, uploads(person, browser, url_of(line)) as sender:
        page = sender.page
        page.on("dialog", lambda dialog: (asked.append(dialog.type), asyncio.ensure_future(dialog.accept())))
        await page.locator("h1").first.focus()
        await page.keyboard.press("Escape")  # browsers ask only where a person has done something
        await page.reload()
        assert asked == [], "nothing is lost"
        await sender.choose(film)
        await sender.reach(50)
        sent = await sender.percent() * film.stat().st_size / 100
        await page.keyboard.press("Escape")
        await page.reload()
        assert asked == ["beforeunload"]
        await sender.row(film.name).get_by_text("Choose the same file again").wait_for()
        await accessible(page)
        line.rate = None
        async with page.expect_file_chooser() as chooser:
            await sender.button(f"Choose the file again: {film.name}").click()
        await (await chooser.value).set_files(film)
        await sender.done()
        assert sender.created == 1
        assert sender.stood[-1] >= sent - PIECE
        assert sender.stood[-1] in sender.pieces
    assert await video_of(person) == hash_of(film)


async def test_an_upload_is_paused_resumed_and_cancelled_by_keyboard_alone(
    person: Person, browser: Browser, film: Path
) -> None:
    async with slow_line(person) as line, uploads(person, browser, url_of(line)) as sender:
        page = sender.page
        async with page.expect_file_chooser() as chooser:
            await page.get_by_label("Choose files").focus()  # meanwhile the browser hears that somebody waits
            await page.keyboard.press("Enter")
        await (await chooser.value).set_files([film])
        await sender.reach(10)
        assert "%" in await page.title()
        await sender.button("Pause").focus()
        await page.keyboard.press("Enter")
        await sender.wait_until("paused")
        await page.keyboard.press("Enter")
        await sender.wait_until("uploading")
        await sender.reach(40)
        async with page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
        gone = await answer.value
        assert gone.status == 204
        await sender.row(film.name).wait_for(state="detached")
        assert await page.evaluate("document.activeElement.type") == "file"
        assert sender.created == 1
    async with person.client() as client:
        headers = {"Tus-Resumable": "1.0.0"}
        assert (await client.head(httpx.URL(gone.url).path, headers=headers)).status_code == 410
        assert (await client.get("/jobs")).json()["items"] == []


async def test_of_a_folder_the_videos_are_taken(
    person: Person, browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    folder, other = tmp_path / "season one", tmp_path / "papers"
    (folder / "extras").mkdir(parents=True)
    other.mkdir()
    (folder / "notes.txt").write_text("none")
    (other / "tax.txt").write_text("none")
    for name in ("a.mkv", "extras/b.mkv"):
        (folder / name).write_bytes(clips.tone(1).path.read_bytes())
    async with uploads(person, browser) as sender:
        await drop(sender.page, folder, other)
        await sender.page.get_by_text("1 file in the folder “season one” is no video").wait_for()
        await sender.page.get_by_text("There is no video in the folder “papers”.").wait_for()
        assert {job["filename"] for job in await jobs_of(person, 2)} == {"a.mkv", "b.mkv"}
        async with sender.page.expect_file_chooser() as chooser:
            await sender.button("Choose a folder").click()
        await (await chooser.value).set_files(folder)
        await jobs_of(person, 4)


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_any_name_is_shown_as_it_is_also_on_a_phone(
    person: Person, browser: Browser, colours: str
) -> None:
    names = ["<img src=x onerror=alert(1)>.mp4", "🎬" * 120 + ".mp4", "\u202egnp.\u202c שלום.mp4", "poem.txt"]
    async with (
        slow_line(person) as line,
        uploads(person, browser, url_of(line), PHONE, colours) as sender,
    ):
        files = [{"name": name, "mimeType": "", "buffer": b"no video" * 250_000} for name in names]
        line.rate = SLOW // 20
        await sender.choose(*files)
        await sender.page.locator("[data-upload-id]").nth(3).wait_for()
        line.hold()
        shown = await sender.page.locator("[data-upload-id] bdi").all_inner_texts()
        assert shown == names
        await sender.row("poem.txt").get_by_text("Waits for its turn.").wait_for()
        await accessible(sender.page)
        assert await sender.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        for name in names[::-1]:
            await sender.button(f"Cancel: {name}").click()
        await sender.page.locator("[data-upload-id]").first.wait_for(state="detached")


async def test_who_signs_in_next_sees_nothing_of_it_and_who_comes_back_does(
    person: Person, browser: Browser, film: Path
) -> None:
    browser.provokes(LATE)
    async with slow_line(person) as line, uploads(person, browser, url_of(line)) as sender:
        await sender.choose(film)
        await sender.reach(10)
        await sender.button("Sign out").click()
        email, password = person.stack.admin
        await sender.page.get_by_label("E-mail").fill(email)
        await sender.page.get_by_label("Password").fill(password)
        await sender.button("Sign in").click()
        await sender.button("Sign out").wait_for()
        assert await sender.page.locator("[data-upload-id]").count() == 0
        await sender.button("Sign out").click()
        await sender.page.get_by_label("E-mail").fill(person.email)
        await sender.page.get_by_label("Password").fill(person.password)
        await sender.button("Sign in").click()
        await sender.row(film.name).get_by_text("Choose the same file again").wait_for()
        assert await sender.page.locator("[data-upload-id]").count() == 1


@pytest.mark.long
async def test_an_account_without_room_hears_it_before_a_byte_is_sent_and_waits_where_that_helps(
    person: Person, admin: Person, browser: Browser, tmp_path: Path
) -> None:
    browser.provokes("status of 429")
    for name, size in (("small.mp4", 2 * 10**6), ("next.mp4", 2 * 10**6), ("large.mp4", 9 * 10**6)):
        (tmp_path / name).write_bytes(os.urandom(size))
    await limited(person, admin, bytes_stored=5 * 10**6, jobs_open=1)
    async with slow_line(person) as line, uploads(person, browser, url_of(line)) as sender:
        line.rate = 200_000
        await sender.choose(*(tmp_path / name for name in ("small.mp4", "next.mp4", "large.mp4")))
        await sender.row("large.mp4").get_by_text("There is no room for it").wait_for()
        await sender.button("Try again: large.mp4").wait_for()
        await sender.page.get_by_text("It goes on by itself in").wait_for()  # one of the two
        await accessible(sender.page)
        line.rate = None
        jobs = await jobs_of(person, 2)
    assert {job["filename"] for job in jobs} == {"small.mp4", "next.mp4"}


async def limited(person: Person, admin: Person, **limits: int) -> None:
    """Give an account limits of its own, and wait until they hold."""
    async with admin.client() as chief, person.client() as client:
        account = (await client.get("/account")).json()["account_id"]
        given = await chief.put(f"/admin/accounts/{account}/quota", json={"limits": limits})
        assert given.status_code == 204, given.text

        async def hold() -> bool:
            told = (await client.get("/usage")).json()["limits"]
            return all(told[name] == limit for name, limit in limits.items())

        await wait_for(hold, 30)


async def test_without_scripts_a_form_takes_a_video_below_a_path_and_a_page_leads_to_its_audio(
    person: Person, browser: Browser, clips: Clips
) -> None:
    browser.provokes(REFUSED)
    port = httpx.URL(person.stack.url).port
    assert port
    clip = clips.tone(1).path
    async with PathPrefix(port, "/tools") as proxy, browser.page(PHONE, scripts=False) as page:
        await page.goto(f"{proxy.url}/")
        await page.get_by_label("Video").set_input_files(clip)
        await page.get_by_role("button", name="Upload").click()
        await page.get_by_role("heading", name="Sign in first").wait_for()
        await page.get_by_role("link", name="Back to the form").click()
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_load_state()
        await page.get_by_label("Video").set_input_files(clip)
        await page.get_by_role("button", name="Upload").click()
        await page.get_by_role("heading", name="Your video is in").wait_for()
        await page.get_by_text(f"{clip.name}").wait_for()
        async with person.client() as client:

            async def is_done() -> bool:
                jobs = (await client.get("/jobs")).json()["items"]
                return [job["done"] for job in jobs] == [True]

            await wait_for(is_done, 60)
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="The audio").click()
        assert (await downloading.value).suggested_filename == f"{clip.stem}.mp3"
    assert proxy.strays == []


async def test_a_video_becomes_a_job_also_over_plain_http(
    person: Person, browser: Browser, clips: Clips
) -> None:
    async with browser.page() as page:
        await page.add_init_script(PLAIN_HTTP)
        await person.sign_in(page)
        assert await page.evaluate("[navigator.locks, crypto.randomUUID]") == [None, None]
        await Uploads(page).choose(clips.tone(2).path)
        await page.locator("[data-job-id]").wait_for()


async def test_an_upload_that_is_refused_though_the_session_is_renewed_is_given_up(
    person: Person, browser: Browser, clips: Clips
) -> None:
    browser.provokes(REFUSED)

    async def refuse(route: Any) -> None:
        is_piece = route.request.method == "PATCH"
        await (route.fulfill(status=401, json={"detail": "not you"}) if is_piece else route.continue_())

    async with uploads(person, browser) as sender:
        await sender.page.route("**/files/*", refuse)
        await sender.choose(clips.tone(1).path)
        await sender.wait_until("refused")
        await sender.row(clips.tone(1).path.name).get_by_text("Not you.").wait_for()
        assert sender.pieces == [0, 0]
