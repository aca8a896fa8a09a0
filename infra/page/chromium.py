"""Debian's Chromium, driven by Playwright, for recipes. `./justw test` brings both."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from infra.local.servers.install import find_tool


@asynccontextmanager
async def chromium() -> AsyncIterator[Any]:
    """Start it for the block. Raises ImportError, NotInstalled."""
    from playwright.async_api import async_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(find_tool("chromium")), args=arguments)
        yield browser
        await browser.close()
