"""A real browser: Debian's Chromium, driven by Playwright. Whatever goes wrong on a page fails its test."""

import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from infra import vendored
from infra.drills.rig.stack import Stack
from infra.local.errors import NotInstalled
from infra.local.servers.install import find_tool
from tests.gateway.conftest import account, auth, gateway
from tests.system.conftest import clips, stack

__all__ = ["account", "auth", "clips", "gateway", "stack"]

LOOPBACK = IPv4Address("127.64.0.0")
"""The first of the addresses that Linux has for itself, and that no test uses otherwise."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
REFUSED, OFFLINE = "responded with a status of 4", "ERR_INTERNET_DISCONNECTED"
"""What Chromium says of what a test has asked for: see `Browser.provokes`."""
LATE = "responded with a status of 40[01] "
"""What it says of a question that was on its way when the session ended."""
_VIOLATIONS = (
    "document.addEventListener('securitypolicyviolation',"
    " event => console.error(`${event.violatedDirective} forbids ${event.blockedURI} ${event.sample}`))"
)


_AXE = Path(__file__).with_name("axe-core")


class Person(NamedTuple):
    """Somebody with an account at a stack. The password is to be seen in no log: see `canaries`."""

    stack: Stack
    email: str
    password: str

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """Return a client of the API that is signed in, for what a test prepares or looks at."""
        async with httpx.AsyncClient(base_url=self.stack.url, timeout=60) as client:
            answer = await client.post("/login", json={"email": self.email, "password": self.password})
            answer.raise_for_status()
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            yield client

    async def sign_in(self, page: Any, url: str = "") -> None:
        """Sign the page's browser in, without the form, and open the page: at `url`, if it is given."""
        url = url or self.stack.url
        answer = await page.request.post(
            f"{url}/login?cookies=true",
            data={"email": self.email, "password": self.password},
            headers={"Origin": url},
        )
        assert answer.ok, await answer.text()
        await page.add_init_script("localStorage.setItem('tonearm.session', 'in')")
        await page.goto(f"{url}/")


class Browser:
    """Opens pages. Their errors, failed requests and breaches of the policy fail the test as complaints."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._provoked: list[str] = []
        self.complaints: list[str] = []
        self.requested: list[str] = []

    def provokes(self, *patterns: str) -> None:
        """From now on let a complaint be that one of these regular expressions finds."""
        self._provoked += patterns

    @asynccontextmanager
    async def page(
        self,
        size: dict[str, int] = DESK,
        colours: str = "light",
        *,
        worker: bool = False,
        scripts: bool = True,
    ) -> AsyncIterator[Any]:
        """Open an empty page in a context of its own. `worker`: its service worker runs."""
        if not scripts:
            self.provokes(r"\.js$")  # what is not run
        context = await self._chromium.new_context(
            viewport=size,
            color_scheme=colours,
            service_workers="allow" if worker else "block",
            java_script_enabled=scripts,
        )
        try:
            await context.add_init_script(_VIOLATIONS)
            # Not at the page: a test opens more of them, and there may be a service worker.
            context.on("console", lambda said: said.type == "error" and self._complain(said.text))
            context.on("weberror", lambda thrown: self._complain(str(thrown.error)))
            context.on("requestfailed", self._failed)
            context.on("request", self._requested)
            yield await context.new_page()
        finally:
            await context.close()

    def _complain(self, what: str) -> None:
        if not any(re.search(pattern, what) for pattern in self._provoked):
            self.complaints.append(what)

    def _failed(self, request: Any) -> None:
        # What the page itself gave up: a player that has enough of a file, a stream when the page is left.
        if request.failure != "net::ERR_ABORTED" and not _is_here(request):
            self._complain(f"failed: {request.failure} {request.url}")

    def _requested(self, request: Any) -> None:
        if not _is_here(request):
            self.requested.append(request.url)


def _is_here(request: Any) -> bool:
    """Tell if it asks for a file of this device, of which a player reads what it needs."""
    return bool(request.url.startswith("blob:"))


async def accessible(page: Any) -> None:
    """Fail if axe finds anything on the page as it stands. A policy forbids script tags, and not this."""
    await page.evaluate(vendored.content(_AXE, "axe.min.js").decode())
    told = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in told["violations"]] == []


async def drag(page: Any, element: Any, begin: float, end: float) -> None:
    """Drag across an element, between parts of its width. The page may still move until it begins."""
    box = await element.bounding_box()
    await element.hover(position={"x": box["width"] * begin, "y": box["height"] / 2})
    await page.mouse.down()
    box = await element.bounding_box()
    await page.mouse.move(box["x"] + box["width"] * end, box["y"] + box["height"] / 2, steps=5)
    await page.mouse.up()


@pytest.fixture
async def person(stack: Stack) -> Person:
    """Somebody new, who registers from a network of their own: from each come only so many."""
    chance = uuid4()
    made = Person(stack, f"{chance.hex[:12]}@example.org", "the canary sings all day")
    home = httpx.AsyncHTTPTransport(local_address=str(LOOPBACK + chance.int % 2**23))
    async with httpx.AsyncClient(base_url=stack.url, timeout=60, transport=home) as client:
        answer = await client.post("/register", json={"email": made.email, "password": made.password})
        answer.raise_for_status()
    return made


@pytest.fixture
def admin(stack: Stack) -> Person:
    """The first admin."""
    return Person(stack, *stack.admin)


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
def browser(chromium: Any) -> Iterator[Browser]:
    browser = Browser(chromium)
    yield browser
    assert browser.complaints == []
