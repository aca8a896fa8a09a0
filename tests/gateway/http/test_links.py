"""Every link, form and file of the pages that the gateway serves leads somewhere."""

import re
from urllib.parse import urljoin, urlsplit

import httpx
from msgspec.structs import replace

from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing

LINK = re.compile(r"""<(a|link|script|img|form)\b[^>]*?\b(?:href|src|action)=["']([^"'#]+)""")


def pages() -> list[str]:
    """The pages that have an address of their own: `/schema`, and what its document says is HTML."""
    paths = litestar_app(parts_of_nothing()).openapi_schema.to_schema()["paths"]
    answers = {path: item["get"]["responses"].get("200", {}) for path, item in paths.items() if "get" in item}
    return [
        "/",
        "/schema",
        *(path for path, ok in answers.items() if "text/html" in ok.get("content", {}) and "{" not in path),
    ]


async def test_a_browser_at_the_root_gets_the_page_and_a_program_is_told_that_nothing_is_there() -> None:
    transport = httpx.ASGITransport(litestar_app(parts_of_nothing()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tonearm.example") as client:
        browser = await client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert (browser.status_code, "<title>Tonearm</title>" in browser.text) == (200, True)
        assert "Accept" in browser.headers["vary"]
        for accept in ("*/*", "application/json", "application/problem+json", "image/png"):
            program = await client.get("/", headers={"Accept": accept})
            assert (program.status_code, program.json()["type"]) == (404, "/problems/nothing-here")


async def test_each_link_of_the_pages_opens() -> None:
    """From page to page, as far as links lead; a form's action is a route that takes POST."""
    broken, ahead = [], pages()
    assert {"/problems", "/password/forgot"} <= set(ahead)
    seen = set(ahead)
    known = len(seen)
    parts = replace(parts_of_nothing(), auth=httpx.AsyncClient(), auth_url="http://127.0.0.1:1")
    app = litestar_app(parts)
    take_forms = {route.path for route in app.routes if "POST" in route.methods}  # type: ignore[union-attr]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tonearm.example") as client:
        while ahead:
            page = ahead.pop()
            answer = await client.get(page, headers={"Accept": "text/html,*/*;q=0.8"})
            if answer.status_code != 200:
                broken.append((page, answer.status_code))
                continue
            if "text/html" not in answer.headers["content-type"]:
                continue
            for kind, link in LINK.findall(answer.text):
                target = urlsplit(urljoin(f"http://tonearm.example{page}", link))
                assert target.netloc == "tonearm.example", f"{page} needs {link}, which is elsewhere"
                if kind == "form":
                    assert target.path in take_forms, (page, link)
                elif target.path not in seen:
                    seen.add(target.path)
                    ahead.append(target.path)
    assert broken == []
    assert len(seen) > known, "no page has a link"
