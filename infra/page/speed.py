"""Prints how soon the page is there, on a processor a quarter as fast, and how smooth: `just page-speed`.

The aim is a largest contentful paint under 1 s on the local stack. `first`: nothing is kept yet; `again`: the
browser has the files. And no task over 100 ms, at the processor's own speed, while a list of 1,000 jobs is
scrolled.
"""

import asyncio
import json
from statistics import median
from typing import Any

import httpx

from infra.drills.rig.conditions import wait_for
from infra.page.chromium import chromium
from infra.page.stage import EMAIL, PASSWORD, sign_in, stage

RUNS = 5
SLOWER = 4
JOBS = 1000
_PAINTS = """
() => new Promise((resolve) => new PerformanceObserver((list) => {
  const [first] = performance.getEntriesByName("first-contentful-paint");
  resolve([first.startTime, list.getEntries().at(-1).startTime]);
}).observe({type: "largest-contentful-paint", buffered: true}))
"""


async def _paints(page: Any) -> tuple[float, float]:
    """Load the page anew; return its first and its largest contentful paint, in milliseconds."""
    await page.reload()
    await page.wait_for_load_state("networkidle")
    first, largest = await page.evaluate(_PAINTS)
    return first, largest


async def _fill(url: str) -> None:
    """Upload as many files that are no videos, and wait until each has failed."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.post("/login", json={"email": EMAIL, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        gate = asyncio.Semaphore(8)

        async def upload(number: int) -> None:
            name = f"{number} {'long ' * (number % 40)}.mp4"
            async with gate:
                (await client.put(f"/upload/{name}", content=b"no video")).raise_for_status()

        await asyncio.gather(*map(upload, range(JOBS)))

        async def have_failed() -> bool:
            return bool((await client.get("/jobs/counts")).json()["states"].get("failed") == JOBS)

        await wait_for(have_failed, 600)


async def _longest_task(browser: Any, page: Any) -> float:
    """Scroll from the first job to the last; return the milliseconds on the processor of the longest task."""
    await page.locator("[data-job-id]").first.wait_for()
    await browser.start_tracing(page=page, categories=["toplevel", "devtools.timeline"])
    while await page.locator(f'[aria-posinset="{JOBS}"]').count() == 0:
        await page.mouse.wheel(0, 4000)
    trace = json.loads(await browser.stop_tracing())
    tasks = (each for each in trace["traceEvents"] if each["name"].endswith("RunTask"))
    return max(float(each["tdur"]) for each in tasks if "tdur" in each) / 1000


async def main() -> None:
    """Print medians, and the longest task."""
    async with stage() as url, chromium() as browser:
        print(f"{'':24}{'first paint':>12}{'largest paint':>15}")
        for who in ("signed out", "signed in"):
            page = await browser.new_page()
            await (page.goto(f"{url}/") if who == "signed out" else sign_in(page, url))
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            for kept in (False, True):
                await devtools.send("Network.setCacheDisabled", {"cacheDisabled": not kept})
                await devtools.send("Network.setBypassServiceWorker", {"bypass": not kept})
                found = [await _paints(page) for _ in range(RUNS)]
                first, largest = (median(each) for each in zip(*found, strict=True))
                print(f"{who + (', again' if kept else ', first'):24}{first:9.0f} ms{largest:12.0f} ms")
            await page.close()
        await _fill(url)
        page = await browser.new_page()
        await sign_in(page, url)
        print(f"{f'longest task, {JOBS} jobs':24}{await _longest_task(browser, page):9.0f} ms")


if __name__ == "__main__":
    asyncio.run(main())
