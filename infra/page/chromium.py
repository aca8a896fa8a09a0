"""Debian's Chromium, driven by Playwright, for recipes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local.servers.install import find_tool


@contextmanager
def chromium() -> Iterator[Any]:
    """Start it for the block. Raises ImportError, NotInstalled."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_tool("chromium")), args=arguments)
        try:
            yield browser
        finally:
            browser.close()
