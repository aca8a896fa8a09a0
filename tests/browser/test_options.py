"""The form of options on the page: a choice is judged by the API, remembered, and kept as a preset."""

import asyncio
import wave
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import wait_for

from tests.browser.conftest import LATE, Browser, Person, accessible

pytestmark = pytest.mark.servers
NARROW = {"width": 320, "height": 700}
"""What the browser itself notes when the API says what is wrong with a choice."""
CONTROLS = """
() => [...document.querySelectorAll('.options [name]')].map(control => ({
  name: control.name,
  labelled: [...control.labels].some(label => label.innerText.trim()),
  seen: control.checkVisibility(),
  values: control.options ? [...control.options].map(each => each.value) : [],
}))
"""


async def unfold(page: Any, *groups: str) -> None:
    await page.locator(".options-more > summary").click()
    await page.locator(".options-group").first.wait_for()
    for group in groups:
        await page.locator(".options-group > summary", has_text=group).click()


async def first(page: Any) -> tuple[str, str]:
    return await page.get_by_label("Format").input_value(), await page.locator("[name=quality]").input_value()


async def has_focus(control: Any) -> bool:
    return bool(await control.evaluate("control => control === document.activeElement"))


async def is_kept(page: Any, text: str) -> bool:
    return bool(await page.evaluate("text => JSON.stringify(localStorage).includes(text)", text))


async def reads(element: Any, text: str) -> bool:
    return bool(await element.inner_text() == text)


async def test_the_last_choice_is_remembered_for_each_account(
    person: Person, admin: Person, browser: Browser
) -> None:
    browser.provokes(LATE)
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_text("About 1.4 MB a minute").wait_for()
        await page.get_by_label("Format").select_option("opus")
        await page.get_by_label("Quality").select_option("Small")
        await page.get_by_text("About 480 kB a minute").wait_for()
        await unfold(page, "Part", "Sound")
        await page.get_by_label("From").fill("1:30")
        await page.get_by_label("Speed").fill("1,5")
        await wait_for(partial(is_kept, page, "1,5"))
        await page.reload()
        await page.get_by_text("About 480 kB a minute").wait_for()
        assert await first(page) == ("opus", "64k")
        summary = page.locator(".options-more > summary")
        await wait_for(lambda: reads(summary, "More options Speed"))  # its style comes later than its text
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_label("E-mail").fill(admin.email)
        await page.get_by_label("Password").fill(admin.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("About 1.4 MB a minute").wait_for()
        assert await first(page) == ("mp3", "")


async def test_a_wrong_value_is_said_at_its_field_and_holds_all_that_is_given(
    person: Person, browser: Browser, tmp_path: Path
) -> None:
    async with browser.page() as page:

        async def give(*names: str) -> None:
            await page.locator("input[type=file]").set_input_files([tmp_path / name for name in names])

        for name in ("a.mp4", "b.mp4", "c.mp4"):
            (tmp_path / name).write_bytes(b"video")

        await person.sign_in(page)
        await unfold(page, "Part")
        start, end = page.get_by_label("From"), page.get_by_label("To", exact=True)
        await start.fill("1:30")
        await end.fill("1:20")
        await page.get_by_text("It must be 0.1 s after start, or more.").wait_for()
        told = [
            await page.locator(f"[id='{each}']").inner_text()
            for each in (await end.get_attribute("aria-describedby")).split()
        ]
        assert told[-1] == "It must be 0.1 s after start, or more."
        assert await end.get_attribute("aria-invalid") == "true"
        await page.locator(".options-more > summary").click()
        await give("a.mp4")
        await page.get_by_role("button", name="Upload with these options").wait_for()
        await wait_for(partial(has_focus, end))
        await accessible(page)
        await page.get_by_label("Format").focus()
        await give("b.mp4")
        await wait_for(partial(has_focus, end))
        assert not [url for url in browser.requested if "/files" in url]
        await end.fill("1:40")
        await page.locator("[aria-invalid=true]").wait_for(state="detached")
        await give("a.mp4", "c.mp4")
        for name in ("a.mp4", "b.mp4", "c.mp4"):
            await page.locator("[data-job-id]", has_text=name).wait_for()
        await page.get_by_role("button", name="Upload with these options").wait_for(state="detached")
        assert await page.locator("[data-job-id]").count() == 3, "each is uploaded once"


async def test_an_upload_takes_the_choice_along_and_says_what_it_becomes(
    person: Person, browser: Browser, tmp_path: Path
) -> None:
    may_go = asyncio.Event()

    async def hold(route: Any) -> None:
        await may_go.wait()
        await route.continue_()

    async with browser.page() as page, person.client() as client:

        async def jobs() -> list[Any]:
            items: list[Any] = (await client.get("/jobs")).json()["items"]
            return items

        await person.sign_in(page)
        await page.get_by_label("Format").select_option("opus")
        await unfold(page, "Part")
        await page.get_by_label("To", exact=True).fill("0:30")
        await wait_for(partial(is_kept, page, "opus"))
        await page.route("**/files/*", hold)
        await page.locator("input[type=file]").set_input_files(a_minute(tmp_path / "talk.wav"))
        await page.get_by_text("becomes about 480 kB").wait_for()
        may_go.set()
        await page.locator(".upload[data-state=uploading]").wait_for(state="detached")
        await wait_for(jobs)
        [job] = await jobs()
    assert (job["filename"], job["options"]["format"], job["options"]["end"]) == ("talk.wav", "opus", 30.0)


def a_minute(path: Path) -> Path:
    """Make a minute of silence."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 480_000)
    return path


async def test_a_preset_is_saved_used_deleted_and_brought_back(person: Person, browser: Browser) -> None:
    async with browser.page() as page, person.client() as client:

        async def presets() -> list[Any]:
            items: list[Any] = (await client.get("/presets")).json()["items"]
            return items

        await person.sign_in(page)
        await page.get_by_label("Format").select_option("opus")
        await unfold(page, "Format in detail")
        await page.get_by_label("Channels").select_option("Mono")
        await page.get_by_label("Save these options as a preset").fill("Talks & <b>more</b>")
        await page.keyboard.press("Enter")
        await page.get_by_role("status").get_by_text("Talks & <b>more</b>").wait_for()
        kept = {
            "name": "Talks & <b>more</b>",
            "options": {"format": "opus", "quality": "", "channels": "mono"},
        }
        assert await presets() == [kept]
        await page.get_by_label("Preset", exact=True).select_option("My defaults")
        await page.get_by_text("About 1.4 MB a minute").wait_for()
        await page.get_by_label("Preset", exact=True).select_option(kept["name"])
        await page.get_by_text("About 480 kB a minute").wait_for()
        assert await page.get_by_label("Channels").input_value() == "mono"
        await page.get_by_role("button", name="Delete ").click()
        await page.get_by_role("button", name="Undo").click()
        await page.get_by_label("Preset", exact=True).wait_for()
        assert await presets() == [kept]


async def test_every_option_of_the_api_can_be_reached_on_a_narrow_phone(
    person: Person, browser: Browser
) -> None:
    async with httpx.AsyncClient(base_url=person.stack.url) as client:
        options = (await client.get("/options")).json()["options"]
    async with browser.page(NARROW, "dark") as page:
        await person.sign_in(page)
        await unfold(page)
        for group in await page.locator(".options-group > summary").all():
            await group.click()
        await page.locator("[name=retain_record]").wait_for()
        controls = {each["name"]: each for each in await page.evaluate(CONTROLS)}
        for option in options:
            control = controls[option["name"]]
            assert control["labelled"], option["name"]
            assert control["seen"], option["name"]
            assert {str(value) for value in option["values"]} <= set(control["values"]), option["name"]
        await accessible(page)
        width = await page.locator(".options").evaluate("form => form.getBoundingClientRect().right")
        assert width <= NARROW["width"]


async def test_options_are_chosen_by_the_keyboard_alone(person: Person, browser: Browser) -> None:
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_text("About 1.4 MB a minute").wait_for()
        await page.get_by_label("Format").focus()
        await page.keyboard.type("WAV")
        await page.get_by_text("Lossless").wait_for()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.locator(".options-group").first.wait_for()
        for key in ("Tab", "Tab", "Enter"):
            await page.keyboard.press(key)
        await page.get_by_label("From").wait_for()
        await page.keyboard.press("Tab")
        await page.keyboard.type("0:30")
        assert await page.get_by_label("From").input_value() == "0:30"
        await page.locator(".options-more > summary .quiet", has_text="From").wait_for()
