"""Prints how soon the page is there, on a processor a quarter as fast: `just page-speed`.

The aim is a largest contentful paint under 1 s on the local stack. `first`: nothing is kept yet; `again`: the
browser has the files.
"""

import asyncio
from statistics import median
from typing import Any

from infra.page.chromium import chromium
from infra.page.stage import sign_in, stage

RUNS = 5
SLOWER = 4
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


async def main() -> None:
    """Print medians."""
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


if __name__ == "__main__":
    asyncio.run(main())
