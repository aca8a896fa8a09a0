"""A real browser: Debian's Chromium, driven by Playwright. Whatever goes wrong on a page fails its test."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from infra.local.errors import NotInstalled
from infra.local.servers.install import find_tool
from tests.gateway.conftest import account, auth, gateway

__all__ = ["account", "auth", "gateway"]

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
_VIOLATIONS = (
    "document.addEventListener('securitypolicyviolation',"
    " event => console.error(`${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`))"
)


class Browser:
    """Opens pages. Their errors, failed requests and breaches of the policy are noted in `complaints`."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self.complaints: list[str] = []
        self.requested: list[str] = []

    @asynccontextmanager
    async def page(self, size: dict[str, int] = DESK, colours: str = "light") -> AsyncIterator[Any]:
        """Open an empty page in a context of its own."""
        context = await self._chromium.new_context(viewport=size, color_scheme=colours)
        try:
            await context.add_init_script(_VIOLATIONS)
            page = await context.new_page()
            page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
            page.on("request", lambda request: self.requested.append(request.url))
            yield page
        finally:
            await context.close()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Any]:
    """One browser for the session. It is skipped where it is not installed, but not where all must run."""
    try:
        from playwright.async_api import async_playwright

        program = str(find_tool("chromium"))
    except (ImportError, NotInstalled) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"{error}: `./justw test` installs it where it can, and could not")
    arguments = ["--disable-background-networking", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        await chromium.close()


@pytest.fixture
def browser(chromium: Any) -> Browser:
    return Browser(chromium)
