"""The frame of the page: it is there before any answer, in each language and theme, for everybody."""

import re
from pathlib import Path
from typing import get_args

import httpx
import pytest

from events.types import AnyPayload
from gateway.page.site import first_load, site
from tests.browser.conftest import DESK, PHONE, Browser, Person, accessible

SITE = Path(__file__).parents[2] / "gateway/page/site"
EVENTS = {payload.TYPE for payload in get_args(AnyPayload)}
WORDS = sorted((SITE / "words").glob("*.js"))
pytestmark = pytest.mark.servers


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_somebody_signs_in(
    person: Person, browser: Browser, size: dict[str, int], colours: str
) -> None:
    async with browser.page(size, colours) as page:
        await page.goto(f"{person.stack.url}/")
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await accessible(page)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Sign out").wait_for()
        await page.locator("input[type=file]").first.wait_for(state="attached")
        assert await page.locator("input[type=file]").count() == 1
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert {httpx.URL(url).netloc for url in browser.requested} == {httpx.URL(person.stack.url).netloc}


async def test_a_program_gets_a_problem_and_a_browser_the_page(person: Person) -> None:
    async with httpx.AsyncClient(base_url=person.stack.url) as client:
        assert (await client.get("/")).status_code == 404
        answer = await client.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for name in site().files:
            file = await client.get(f"/page/{site().version}/{name}")
            assert (file.status_code, file.content) == (200, site().files[name].content)
            assert "immutable" in file.headers["cache-control"]
        assert (await client.get(f"/page/another/{name}")).headers["cache-control"] == "no-cache"
        assert (await client.get(f"/page/{site().version}/..%2froutes.py")).status_code == 404


def test_the_first_load_is_small() -> None:
    scripts = first_load(site().files)
    styles = re.findall(r'stylesheet" href="\./page/\w+/([^"]+)', site().shell.content.decode())
    words = max((f"words/{path.name}" for path in WORDS), key=lambda name: len(site().files[name].packed))
    sizes = {name: len(site().files[name].packed) for name in (*scripts, *styles, words)}
    ours = sum(size for name, size in sizes.items() if not name.startswith("vendor/"))
    assert ours + len(site().shell.packed) <= 30_000, sizes
    assert sum(sizes.values()) <= 60_000, sizes


def test_no_part_of_the_page_styles_what_another_part_shows() -> None:
    """All parts' styles hold at once, as soon as somebody has been at each place."""
    owners: dict[str, set[Path]] = {}
    for path in SITE.rglob("*.css"):
        for rule in re.findall(r"([^{};]+)\{", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)):
            for name in re.findall(r"(?:^|,)\s*\.([\w-]+)", rule):
                owners.setdefault(name, set()).add(path.relative_to(SITE))
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}


def test_every_language_has_the_same_messages_with_the_same_places() -> None:
    told = {path.stem: messages(path) for path in WORDS}
    assert set(told) >= {"en", "de"}
    for language, found in told.items():
        assert found == told["en"], language


def test_every_message_that_is_asked_for_is_there_and_the_others_are_not() -> None:
    """A key may have computed parts: then some message has to fit."""
    keys = set(messages(SITE / "words/en.js"))
    areas = {key.split(".")[0] for key in keys}
    found = set[str]()
    for path in SITE.rglob("*.js"):
        if path.relative_to(SITE).parts[0] not in ("vendor", "words"):
            for key in re.findall(r"""["`](\w+\.(?:[\w.]|\$\{[^}]*\})+)["`]""", path.read_text()):
                if key.split(".")[0] in areas and key not in EVENTS:
                    fitting = re.compile(re.sub(r"\\\$\\\{.*?\\\}", r"[\\w.]+", re.escape(key)))
                    fit = {each for each in keys if fitting.fullmatch(each)}
                    assert fit, (path.relative_to(SITE), key)
                    found |= fit
    assert keys - found == set(), "nobody says this"


def test_the_first_words_and_the_later_ones_are_all_there_are() -> None:
    for path in WORDS:
        parts = [site().files[f"words/{path.stem}{part}.js"].content.decode() for part in ("", ".later")]
        found = [key for text in parts for key in re.findall(r'^"([^"]+)": .+,$', text, re.MULTILINE)]
        assert sorted(found) == sorted(messages(path))


def messages(path: Path) -> dict[str, list[str]]:
    """Return the keys of a message file, each with the places for values in its message."""
    lines = re.findall(r'^  "([^"]+)": (.+),$', path.read_text(), re.MULTILINE)
    assert len({key for key, _ in lines}) == len(lines), "a key stands twice"
    return {key: sorted(set(re.findall(r"\{(\w+)\}", text))) for key, text in lines}
