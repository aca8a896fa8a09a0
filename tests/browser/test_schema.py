"""The page of the API in a real browser: it shows every call, and asks nobody else for anything."""

from typing import Any

import httpx
import pytest
import yaml

from tests.browser.conftest import DESK, PHONE, Browser
from tests.gateway.running import Gateway

pytestmark = pytest.mark.servers
SIZES = {"desk": DESK, "phone": PHONE}


def operations(document: dict[str, Any]) -> int:
    return sum(len(item) for item in document["paths"].values())


async def document_of(gateway: Gateway) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        document: dict[str, Any] = (await client.get("/schema/openapi.json")).json()
    return document


@pytest.mark.parametrize(("size", "colours"), [("desk", "light"), ("phone", "dark")])
async def test_every_call_is_shown(gateway: Gateway, browser: Browser, size: str, colours: str) -> None:
    async with browser.page(SIZES[size], colours) as page:
        await page.goto(f"{gateway.url}/schema")
        await page.locator(".opblock").first.wait_for()
        document = await document_of(gateway)
        assert await page.locator(".opblock").count() == operations(document)
        sections = await page.evaluate(
            "[...document.querySelectorAll('.opblock-tag')].map(b => b.dataset.tag)"
        )
        assert sections == [tag["name"] for tag in document["tags"]]
        assert await page.locator(".errors-wrapper, .loading-container").count() == 0
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= SIZES[size]["width"], "the page is wider than the screen"
        ground = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (ground == "rgb(28, 32, 34)") == (colours == "dark")
    assert {httpx.URL(url).netloc for url in browser.requested if not url.startswith("data:")} == {
        httpx.URL(gateway.url).netloc
    }


@pytest.mark.nightly
@pytest.mark.timeout(0)
async def test_every_call_opens(gateway: Gateway, browser: Browser) -> None:
    async with browser.page() as page:
        await page.goto(f"{gateway.url}/schema")
        await page.locator(".opblock").first.wait_for()
        await page.evaluate("document.querySelectorAll('.opblock-summary-control').forEach(b => b.click())")
        number = await page.locator(".opblock").count()
        await page.wait_for_function(
            f"document.querySelectorAll('.opblock-body').length === {number}", timeout=900_000
        )


async def test_a_call_can_be_tried(gateway: Gateway, browser: Browser, account: str) -> None:
    async with browser.page() as page:
        await page.goto(f"{gateway.url}/schema")
        await page.get_by_role("button", name="Authorize").click()
        bearer = page.locator(".auth-container", has_text="(http, Bearer)")
        await bearer.locator("input").fill(gateway.auth.token(account))
        await bearer.get_by_role("button", name="Apply credentials").click()
        await page.get_by_role("button", name="Close").first.click()
        jobs = page.locator(".opblock", has=page.locator("[data-path='/jobs']"))
        await jobs.locator(".opblock-summary-control").click()
        await jobs.get_by_role("button", name="Try it out").click()
        await jobs.get_by_role("button", name="Execute").click()
        answer = jobs.locator(".live-responses-table .response").first
        assert (await answer.locator(".response-col_status").inner_text()).startswith("200")
        assert '"items": []' in await answer.inner_text()


async def test_the_document_comes_in_the_form_that_is_asked_for(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        as_json = await client.get("/schema", headers={"Accept": "application/json"})
        assert as_json.headers["content-type"] == "application/json"
        assert as_json.headers["vary"] == "Accept, Accept-Encoding"
        assert as_json.json() == await document_of(gateway)
        as_yaml = await client.get("/schema/openapi.yaml")
        assert as_yaml.headers["content-type"].startswith("application/yaml")
        assert yaml.safe_load(as_yaml.text) == as_json.json()
        assert not as_yaml.text.startswith("{")
        page = await client.get("/schema", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        again = await client.get("/schema/openapi.json", headers={"If-None-Match": as_json.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_pages_policy_lets_in_nothing_but_our_own_files(gateway: Gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        page = await client.get("/schema")
        policy = dict(each.split(" ", 1) for each in page.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in page.headers["content-security-policy"]
        script = "/schema/assets/swagger-ui-bundle.js"
        packed = await client.get(script)
        plain = await client.get(script, headers={"Accept-Encoding": "identity"})
        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert packed.content == plain.content
        for name in ("..%2froutes.py", "index.html", "vendored.json", "swagger-ui-bundle.js.gz"):
            assert (await client.get(f"/schema/assets/{name}")).status_code == 404
