"""Makes the pictures in the documents: plays the first minute on a stack of its own. `just screenshots`."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from infra.drills.rig.clips import Clips
from infra.drills.rig.conditions import wait_for
from infra.page.chromium import chromium
from infra.page.stage import sample, sign_in, stage

PICTURES = Path(__file__).parents[2] / "docs/pictures"
DESK = {"width": 1000, "height": 760}
PHONE = {"width": 390, "height": 760}
STORY = 700
"""Pixels of the story's picture, from above: the line, the job as it was, the first events."""
LARGEST = 120_000
"""Bytes of one picture."""
CONVERTED = 120.0
"""Seconds for all the videos."""


async def main() -> None:
    """Write all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with stage() as url, chromium() as browser:
            page = await browser.new_page(viewport=DESK, color_scheme="light")
            await sign_in(page, url)
            job = await _first_minute(page, Path(folder))
            await _shoot(page, "jobs.png")
            await page.goto(f"{url}/#/jobs/{job}")
            await page.locator(".job-player").wait_for()
            await page.get_by_role("slider", name="The moment in the story").press("Home")
            await page.get_by_role("slider", name="The moment in the story").press("ArrowRight")
            await page.locator(".story-then", has_text="none yet").wait_for()
            for name, size, colours in (("job.png", DESK, "dark"), ("phone.png", PHONE, "light")):
                await page.emulate_media(color_scheme=colours)
                await page.set_viewport_size(size)
                await page.evaluate("scrollTo(0, 0)")
                await _shoot(page, name)
            await page.set_viewport_size(DESK)
            await page.emulate_media(color_scheme="light")
            box = await page.locator(".story").bounding_box()
            clip = {**box, "x": box["x"] - 16, "width": box["width"] + 32, "height": STORY}
            await page.screenshot(path=PICTURES / "story.png", full_page=True, clip=clip)
    for path in sorted(PICTURES.glob("*.png")):
        length = path.stat().st_size
        print(f"{path.name}: {length / 1000:.0f} kB")
        if length > LARGEST:
            raise SystemExit(f"{path.name} has more than {LARGEST / 1000:.0f} kB")


async def _first_minute(page: Any, folder: Path) -> str:
    """Upload a few videos as people have them, one without sound; return the id of the job of the music."""
    music = await sample(folder / "Grooves, side A.mp4")
    names = ["Interview with Grace.mp4", "Lecture 12.mp4"]
    files = [shutil.copy(music, folder / name) for name in names]
    files.append(shutil.copy(Clips(folder).silent().path, folder / "Holiday without sound.mp4"))
    await page.locator("input[type=file]").first.set_input_files([*files, music])

    async def over() -> list[dict[str, Any]]:
        answer = await page.request.get(f"{page.url.partition('#')[0]}jobs")
        jobs = [job for job in (await answer.json())["items"] if job["state"] in ("notified", "failed")]
        return jobs if len(jobs) > len(files) else []

    jobs = await wait_for(over, CONVERTED, "every video is converted")
    await page.reload()
    await page.locator("[data-job-id]").nth(len(files)).wait_for()
    await page.wait_for_load_state("networkidle")
    return next(str(each["job_id"]) for each in jobs if each["filename"] == music.name)


async def _shoot(page: Any, name: str) -> None:
    await page.evaluate("document.activeElement.blur()")
    await page.screenshot(path=PICTURES / name)


if __name__ == "__main__":
    asyncio.run(main())
