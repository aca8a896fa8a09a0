"""A stack of its own with somebody who has an account, for recipes that look at the page."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.drills.rig.stack import Stack

EMAIL, PASSWORD = "ada@example.org", "a record that plays all day"


@asynccontextmanager
async def stage() -> AsyncIterator[str]:
    """Start it for the block, and yield its URL."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        try:
            await stack.start()
            async with httpx.AsyncClient(base_url=stack.url, timeout=60) as client:
                person = {"email": EMAIL, "password": PASSWORD}
                (await client.post("/register", json=person)).raise_for_status()
            yield stack.url
        finally:
            await stack.stop()


async def sample(path: Path) -> Path:
    """Make a small video with music there, as `tonearm sample` does."""
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "cli.main", "sample", str(path)], check=True
    )
    return path


async def sign_in(page: Any, url: str) -> None:
    """Open the page and sign in by its form."""
    await page.goto(f"{url}/")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.locator("input[type=file]").first.wait_for(state="attached")
