"""The page as an app: it opens without a network, takes what is shared to it, and works below a path."""

import json
from typing import Any

import httpx
import pytest
from waiting import wait_for

from gateway.page.site import site
from infra.drills.rig.clips import Clips
from tests.browser.conftest import OFFLINE, PHONE, Browser, Person, accessible
from tests.servers.path_prefix import PathPrefix

pytestmark = pytest.mark.servers
SHARE = """
([bytes, name]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name, {type: "video/x-matroska"}));
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action: "./share", enctype: "multipart/form-data"});
  const input = Object.assign(document.createElement("input"), {type: "file", name: "file"});
  input.files = files.files;
  form.append(input);
  document.body.append(form);
  form.submit();
}
"""
"""What a system does when somebody shares a file to an app: it sends the form of the manifest."""
ENDED = "new BroadcastChannel('tonearm.session').postMessage({state: 'out', why: 'ended'})"
"""What another tab tells when the server knows the session no more."""


async def controlled(page: Any) -> None:
    """Wait until the service worker answers for the page."""
    await page.evaluate(
        "new Promise((resolve) => navigator.serviceWorker.controller ? resolve()"
        " : navigator.serviceWorker.addEventListener('controllerchange', () => resolve()))"
    )


def test_what_an_app_is_told_is_there_and_relative() -> None:
    manifest = json.loads(site().manifest.content)
    assert manifest["start_url"] == manifest["scope"] == "./"
    for icon in manifest["icons"]:
        assert icon["src"].removeprefix(f"./page/{site().version}/") in site().files
    for name in ("icon-192.png", "icon-512.png", "icon-maskable-512.png"):
        assert len(site().files[f"app/{name}"].content) < 25_000


async def test_the_page_opens_without_a_network_and_says_so_and_keeps_what_is_given(
    person: Person, browser: Browser
) -> None:
    browser.provokes(OFFLINE)
    async with browser.page(PHONE, worker=True) as page:
        await person.sign_in(page)
        await controlled(page)
        await page.get_by_role("button", name="From an address").wait_for()  # the last part of it has come
        await page.wait_for_load_state("networkidle")
        await page.context.set_offline(True)
        await page.reload()
        await page.get_by_text("The server cannot be reached").first.wait_for()
        await page.locator("input[type=file]").wait_for()
        video = {"name": "early.mp4", "mimeType": "video/mp4", "buffer": b"video"}
        await page.locator("input[type=file]").set_input_files(video)
        await page.get_by_text("Look at your connection.").first.wait_for()
        await page.context.set_offline(False)
        await page.get_by_text("The server cannot be reached just now").wait_for(state="detached")
        await page.get_by_role("button", name="Sign out").wait_for()
        await page.get_by_role("button", name="Try again").click()
        await page.locator("[data-job-id]", has_text="early.mp4").wait_for()
        assert await page.get_by_text("The server cannot be reached").count() == 0


async def test_nothing_but_the_shell_is_kept(person: Person, browser: Browser) -> None:
    async with browser.page(worker=True) as page:
        await person.sign_in(page)
        await controlled(page)
        await page.reload()
        await page.get_by_role("button", name="Sign out").wait_for()
        kept = await page.evaluate(
            "(async () => (await Promise.all((await caches.keys()).map(async (name) =>"
            " (await (await caches.open(name)).keys()).map((each) => new URL(each.url).pathname)))).flat())()"
        )
    assert "/" in kept
    assert {path for path in kept if path != "/" and not path.startswith(f"/page/{site().version}/")} == set()


async def test_a_video_that_is_shared_to_the_app_becomes_an_upload_if_the_person_says_so(
    person: Person, browser: Browser, clips: Clips
) -> None:
    async with browser.page(PHONE, worker=True) as page:
        await person.sign_in(page)
        await controlled(page)
        async with page.expect_navigation():
            await page.evaluate(SHARE, [list(b"not asked for"), "from another site.mkv"])
        await page.get_by_role("dialog", name="Upload this video?").get_by_text("another site").wait_for()
        await accessible(page)
        await page.get_by_role("button", name="Do not upload").click()
        async with page.expect_navigation():
            await page.evaluate(SHARE, [list(clips.tone(1).path.read_bytes()), "from a phone.mkv"])
        question = page.get_by_role("dialog").get_by_text("from a phone.mkv")
        await question.wait_for()
        await page.evaluate(ENDED)
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        await question.wait_for()
        await page.get_by_role("button", name="Upload", exact=True).click()
        row = page.locator("[data-job-id], [data-upload-id][data-state=done]", has_text="from a phone.mkv")
        await row.first.wait_for()
        shared = "caches.open(`tonearm ${document.baseURI} shared`).then((cache) => cache.keys())"
        assert await page.evaluate(f"{shared}.then((kept) => kept.length)") == 0
    async with person.client() as client:

        async def listed() -> list[Any]:
            items: list[Any] = (await client.get("/jobs")).json()["items"]
            return items

        assert len(await wait_for(listed)) == 1


async def test_who_shares_a_video_before_the_app_is_ready_is_told_to_share_it_again(person: Person) -> None:
    async with httpx.AsyncClient(base_url=person.stack.url) as client:
        answer = await client.post("/share?title=x", files={"file": ("a.mp4", b"0" * 3_000_000, "video/mp4")})
        assert answer.status_code == 200
        assert "share it once more" in answer.text


async def test_it_works_below_a_path(person: Person, browser: Browser, clips: Clips) -> None:
    port = httpx.URL(person.stack.url).port
    assert port
    async with PathPrefix(port, "/tools/tonearm") as proxy, browser.page(PHONE, worker=True) as page:
        await page.goto(f"{proxy.url}/")
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        assert await page.evaluate("navigator.serviceWorker.ready.then((it) => it.scope)") == f"{proxy.url}/"
        await page.locator("input[type=file]").set_input_files(clips.tone(1).path)
        row = page.locator(
            "[data-job-id], [data-upload-id][data-state=done]", has_text=clips.tone(1).path.name
        )
        await row.first.wait_for()
        await page.reload()
        await page.locator("[data-job-id]").first.wait_for()
        await page.wait_for_load_state("networkidle")
        await page.goto(f"{proxy.url}/#/nowhere")
        await page.get_by_role("link", name="To your jobs").click()
        await page.locator("input[type=file]").wait_for()
        browser.provokes("status of 502")
        proxy.is_down = True
        await page.reload()
        await page.get_by_text("The server cannot be reached").first.wait_for()
        await page.locator("input[type=file]").wait_for()
        proxy.is_down = False
        await page.get_by_text("The server cannot be reached").first.wait_for(state="detached")
    assert proxy.strays == []
