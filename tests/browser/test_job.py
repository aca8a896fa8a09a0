"""One job on the page: its sound is heard, seen, cut and read, by mouse and by keyboard."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from waiting import wait_for

from events.log.progress import Progress, ProgressSender
from events.log.transient import TransientSender
from tests.browser.conftest import DESK, PHONE, Browser, Person, accessible, drag
from tests.browser.stories import AGAIN, READY, STARTED, account_of, go_on, tell
from tests.browser.test_jobs import held
from tests.workers.converter.media import decoded, ffmpeg

pytestmark = pytest.mark.servers

HOSTILE = "<img src=x onerror=alert(1)>"
BACKWARDS = "\u202emp3.exe شاي"
CHAPTERS = f""";FFMETADATA1
title={HOSTILE}
artist={BACKWARDS}
[CHAPTER]
TIMEBASE=1/1000
START=0
END=9000
title=Setting out
[CHAPTER]
TIMEBASE=1/1000
START=9000
END=30000
title={HOSTILE}
"""
FOLLOW = """
globalThis.told = [];
const status = document.querySelector(".job-under-way [role=status]");
const watched = { childList: true, characterData: true, subtree: true };
new MutationObserver(() => told.push(status.innerText)).observe(status, watched);
"""
"""Notes in `told` all that is said of a job's progress."""
NO_AUDIO = "status of 500"
"""What the server answers where the log tells of audio that it never had: see `stories`."""
BEEPS = [9.0, 14.5]
"""Seconds of the video at which a loud beep begins. Before the third second all is silent."""
SOUND = "0.02*gt(t\\,3)*sin(2*PI*300*t)+0.7*(between(t\\,9\\,9.3)+between(t\\,14.5\\,14.8))*sin(2*PI*1000*t)"


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a video with tags, chapters and beeps, whose name is HTML and turns its direction."""
    folder = tmp_path_factory.mktemp("beeps")
    (folder / "words").write_text(CHAPTERS)
    path = folder / f"{HOSTILE.replace('/', '')} {BACKWARDS}.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=2:duration=30"),
        *(
            "-f",
            "lavfi",
            "-i",
            f"aevalsrc='{SOUND}':s=44100:d=30",
            "-f",
            "ffmetadata",
            "-i",
            str(folder / "words"),
        ),
        *("-map", "0:v", "-map", "1:a", "-map_metadata", "2", "-map_chapters", "2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", str(path)),
    )
    return path


async def converted(client: httpx.AsyncClient, video: Path, **options: object) -> str:
    """Upload the video and return its job's id as soon as its audio is there."""
    with video.open("rb") as file:
        params = {name: str(value).lower() for name, value in options.items()}
        answer = await client.post("/upload", files={"file": (video.name, file)}, params=params)
    job_id = str(answer.json()["job_id"])
    await over(client, job_id)
    return job_id


async def over(client: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = (await client.get(f"/jobs/{job_id}", headers={"Prefer": "wait=60"})).json()
    assert job["audio"], job
    return job


async def shown(person: Person, page: Any, job_id: str) -> None:
    """Open the job's place, and wait for all that is fetched."""
    await person.sign_in(page)
    await page.goto(f"{person.stack.url}/#/jobs/{job_id}")
    await page.locator(".job-chapters").wait_for()
    await true(page, "document.querySelector('audio').readyState > 0")


async def true(page: Any, script: str) -> None:
    """Wait until it is true. The page's policy forbids Playwright's own way to wait for a script."""
    await wait_for(lambda: page.evaluate(script))


async def heard(page: Any) -> float:
    return float(await page.evaluate("document.querySelector('audio').currentTime"))


def coloured(wave: Any, part: str) -> Callable[[], Any]:
    """Return what asks whether a half of the wave is drawn in the colour of what was played."""
    return lambda: wave.evaluate(
        """(wave, part) => {
          const canvas = wave.querySelector("canvas");
          const [red, green, blue] = getComputedStyle(wave).caretColor.match(/\\d+/g).map(Number);
          const from = part === "first" ? 0 : canvas.width / 2;
          const { data } = canvas.getContext("2d").getImageData(from, 0, canvas.width / 2, canvas.height);
          let found = 0;
          for (let at = 0; at < data.length; at += 4)
            found += data[at] === red && data[at + 1] === green && data[at + 2] === blue;
          return found > 200;
        }""",
        part,
    )


@pytest.mark.parametrize(("size", "colours"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"])
async def test_a_job_plays_and_shows_how_far(
    person: Person, browser: Browser, video: Path, size: dict[str, int], colours: str
) -> None:
    async with person.client() as client:
        job_id = await converted(client, video, cover="frame")
    async with browser.page(size, colours) as page:
        await shown(person, page, job_id)
        wave = page.locator("tonearm-wave")
        await page.get_by_role("button", name="Setting out").click()
        assert not await coloured(wave, "first")()
        width = (await wave.bounding_box())["width"]
        await page.get_by_role("slider", name="Position").click(position={"x": width * 0.6, "y": 20})
        await page.get_by_role("button", name="Play", exact=True).first.click()
        await true(page, "document.querySelector('audio').currentTime > 18.2")
        await page.get_by_role("button", name="Pause", exact=True).click()
        await wait_for(coloured(wave, "first"))
        await true(page, "document.querySelector('.job-cover').naturalWidth > 0")
        await page.get_by_role("button", name="Cut a part").click()
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]


async def test_a_job_is_heard_by_keyboard_alone(person: Person, browser: Browser, video: Path) -> None:
    async with person.client() as client:
        job_id = await converted(client, video)
    async with browser.page() as page:
        await shown(person, page, job_id)
        position = page.get_by_role("slider", name="Position")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("ArrowLeft")
        await wait_for(lambda: said(position, "5 seconds of 30 seconds"))
        await page.keyboard.press("End")
        await wait_for(lambda: said(position, "30 seconds of 30 seconds"))
        await page.keyboard.press("Home")
        await page.keyboard.press("Space")
        await true(page, "document.querySelector('audio').currentTime > 0.3")
        await page.keyboard.press("Space")
        assert await page.evaluate("document.querySelector('audio').paused")


async def said(slider: Any, text: str) -> bool:
    return bool(await slider.get_attribute("aria-valuetext") == text)


async def test_a_cut_made_on_the_wave_is_right_to_50_ms_in_the_decoded_audio(
    person: Person, browser: Browser, video: Path, tmp_path: Path
) -> None:
    """The job is a part itself, faster, and lacks its first silence: the cut is in the video's time."""
    async with person.client() as client, browser.page() as page:
        job_id = await converted(client, video, start=2, speed=1.25, trim_silence=True)
        await shown(person, page, job_id)
        await drag(page, page.get_by_role("slider", name="Position"), 0.15, 0.6)
        first = page.get_by_role("slider", name="Beginning")
        await first.press("Shift+ArrowLeft")
        await first.press("ArrowRight")
        end = page.get_by_role("textbox", name="End")
        await end.fill("ten past")
        await end.press("Tab")
        await page.locator(".job-cut .wrong").wait_for()
        assert await end.input_value() == "ten past"
        await end.fill("0:12,5")
        await page.locator(".job-cut .wrong").wait_for(state="detached")  # or the button would move
        await page.get_by_role("button", name="Make this cut").click()
        link = page.get_by_role("link", name="Open it")
        await link.wait_for()
        begins = float(await first.get_attribute("aria-valuenow"))
        made = str(await link.get_attribute("href")).rpartition("/")[2]
        assert (await over(client, made))["audio"]["duration_seconds"] == pytest.approx(
            12.5 - begins, abs=0.05
        )
        (tmp_path / "cut.mp3").write_bytes((await client.get(f"/jobs/{made}/audio")).content)
        await page.locator(f".job-outputs [data-job-id='{made}']").wait_for()
    onsets = beeps(decoded(tmp_path / "cut.mp3")[0], 44100)
    assert onsets == pytest.approx([(each - 3) / 1.25 - begins for each in BEEPS], abs=0.05)


def beeps(samples: list[float], rate: int) -> list[float]:
    """Return the seconds at which a beep begins."""
    loud = [max(map(abs, samples[at : at + 44]), default=0.0) > 0.2 for at in range(0, len(samples), 44)]
    quiet_for = 200
    starts = [at for at, (was, is_) in enumerate(pairwise([False, *loud])) if is_ and not was]
    return [at * 44 / rate for at in starts if not any(loud[max(at - quiet_for, 0) : at])]


async def test_a_chapter_jumps_and_what_strangers_wrote_is_text(
    person: Person, browser: Browser, video: Path
) -> None:
    async with person.client() as client:
        job_id = await converted(client, video)
    async with browser.page() as page:
        await shown(person, page, job_id)
        await page.get_by_role("button", name=HOSTILE).click()
        assert await heard(page) == pytest.approx(9, abs=0.05)
        await page.locator(".job-now").get_by_text(HOSTILE, exact=True).wait_for()  # in the next frame
        name = page.locator("h1 bdi")
        assert HOSTILE in await name.inner_text()
        assert await name.evaluate("element => getComputedStyle(element).unicodeBidi") == "isolate"
        assert await page.locator("img[src=x]").count() == 0


async def test_other_options_are_chosen_from_those_of_the_job(
    person: Person, browser: Browser, video: Path
) -> None:
    async with person.client() as client:
        job_id = await converted(client, video, channels="mono")
    async with browser.page() as page:
        await shown(person, page, job_id)
        await page.get_by_role("button", name="Convert again with other options").click()
        await page.get_by_label("Format").select_option("flac")
        async with held(page, "**/options/check"):
            await page.get_by_role("button", name="Convert", exact=True).dblclick()
        await page.locator(".job-outputs").get_by_role("link", name="FLAC · mono").wait_for()
        assert len([url for url in browser.requested if url.endswith("/outputs")]) == 1
        await page.get_by_role("link", name="Open it").click()
        await page.locator(".job-title", has_text="FLAC · mono").wait_for()  # the MP3's stands until then
        await page.get_by_role("link", name="Download").wait_for()  # it follows the conversion
        await accessible(page)


async def test_a_job_that_could_not_be_had_is_tried_again_and_a_player_goes_with_its_run(
    person: Person, browser: Browser
) -> None:
    browser.provokes("status of 503", NO_AUDIO)
    [job_id] = await tell(person, ("", READY))
    async with browser.page() as page:
        await person.sign_in(page)
        away = '{"detail": "the database is away"}'
        await page.route(f"**/jobs/{job_id}", lambda route: route.fulfill(status=503, body=away))
        await page.goto(f"{person.stack.url}/#/jobs/{job_id}")
        await page.get_by_text("The database is away.").wait_for()
        await page.unroute(f"**/jobs/{job_id}")
        await page.get_by_role("button", name="Try again").click()
        await page.get_by_role("heading", name="A video", exact=True).wait_for()
        await page.get_by_role("button", name="The mail went out").wait_for()
        player = page.locator(".job-player").or_(page.get_by_text("could not be played"))
        await player.wait_for()
        await go_on(person, {job_id: [AGAIN]})
        await page.locator("article[data-state=uploaded]").wait_for()
        assert await player.count() == 0
        assert await page.get_by_text("The database is away.").count() == 0


async def test_an_answer_that_lacks_what_was_heard_changes_nothing_and_is_asked_for_again(
    person: Person, browser: Browser
) -> None:
    browser.provokes(NO_AUDIO)
    [job_id] = await tell(person, ("talk.mp4", (STARTED,)))
    async with person.client() as client, browser.page() as page:

        async def converting() -> str:
            told = (await client.get(f"/jobs/{job_id}")).text
            return told if '"converting"' in told else ""

        old = await wait_for(converting)
        await go_on(person, {job_id: READY[1:2]})
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/jobs/{job_id}")
        await page.locator("article[data-state=converted]").wait_for()
        await page.get_by_role("button", name="Convert again with other options").click()
        await page.route(
            f"**/jobs/{job_id}", lambda route: route.fulfill(body=old, content_type="application/json")
        )
        async with page.expect_response(f"**/jobs/{job_id}"):
            await go_on(person, {job_id: READY[2:]})
        await page.unroute(f"**/jobs/{job_id}")
        await page.locator("article[data-state=notified]").wait_for()
        await page.get_by_role("button", name="The mail went out").wait_for()
        assert await page.locator(".job-again").count() == 1


async def test_while_it_is_converted_its_place_says_how_far_the_last_attempt_is(
    person: Person, browser: Browser
) -> None:
    [job_id] = await tell(person, ("talk.mp4", (STARTED, replace(STARTED, attempt=2))))
    about = {"job_id": job_id, "account": await account_of(person), "run": 1, "speed": None}
    async with (
        browser.page() as page,
        TransientSender(person.stack.environment["RABBITMQ_URL"], name="test") as transient,
    ):
        await person.sign_in(page)
        await page.goto(f"{person.stack.url}/#/jobs/{job_id}")
        status = page.locator(".job-under-way").get_by_role("status")
        await status.get_by_text("Converting").wait_for()
        await page.evaluate(FOLLOW)

        async def are_told() -> bool:
            for attempt, percent in ((2, 42.9), (1, 90.0), (2, 43.2)):
                done = {"attempt": attempt, "percent": percent, "seconds_done": 1.0, "seconds_total": None}
                told = Progress(**about, **done, time=datetime.now(UTC))
                await ProgressSender(transient).send(told)
            return await status.inner_text() == "Converting 43%"

        await wait_for(are_told)
        assert set(await page.evaluate("told")) <= {"Converting", "Converting 42%", "Converting 43%"}
