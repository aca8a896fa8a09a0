"""Draws the icons of the installed page from its mark: `python -m infra.page.icons`.

A launcher may cut a maskable icon to a circle of four fifths of its width, so there the mark is smaller, and
its ground goes to the edge.
"""

import asyncio
from pathlib import Path
from typing import NamedTuple

from infra.page.chromium import chromium

SITE = Path(__file__).parents[2] / "gateway/page/site"
_GROUND = "#faf6ee"


class Icon(NamedTuple):
    """An icon: its width in pixels, the part of it that the mark takes, and how round its corners are."""

    name: str
    width: int
    mark: float
    round: float


ICONS = [
    Icon("icon-192.png", 192, 0.76, 0.2),
    Icon("icon-512.png", 512, 0.76, 0.2),
    Icon("icon-maskable-512.png", 512, 0.56, 0),
]


async def main() -> None:
    """Write all icons."""
    mark = (SITE / "look/mark.svg").read_text()
    async with chromium() as browser:
        for icon in ICONS:
            page = await browser.new_page(viewport={"width": icon.width, "height": icon.width})
            await page.set_content(
                f"<style>body {{ margin: 0; display: grid; height: 100vh; place-items: center;"
                f" background: {_GROUND}; border-radius: {icon.round * 100}%; }}"
                f" html {{ background: none; }} svg {{ width: {icon.mark * 100}%; }}</style>{mark}"
            )
            await page.screenshot(path=SITE / "app" / icon.name, omit_background=True)
            await page.close()


if __name__ == "__main__":
    asyncio.run(main())
