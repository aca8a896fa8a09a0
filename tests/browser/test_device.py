"""Letting in a program that has no browser: by the link it prints, or the code it shows."""

from typing import Any

import httpx
import pytest

from tests.browser.conftest import PHONE, REFUSED, Browser, Person, accessible

pytestmark = pytest.mark.servers


@pytest.fixture
async def device(person: Person) -> Any:
    """A client that has no session."""
    headers = {"User-Agent": "canary-radio/1.0 (kitchen)"}
    async with httpx.AsyncClient(base_url=person.stack.url, headers=headers, timeout=60) as client:
        yield client


async def begun(device: httpx.AsyncClient) -> dict[str, Any]:
    codes: dict[str, Any] = (await device.post("/login/device")).raise_for_status().json()
    return codes


async def entered(device: httpx.AsyncClient, codes: dict[str, Any]) -> dict[str, Any]:
    shown = {"device_code": codes["device_code"]}
    answer: dict[str, Any] = (await device.post("/login/device/token", json=shown)).json()
    return answer


async def test_a_link_leads_by_the_sign_in_to_what_asks_and_approving_lets_it_in(
    person: Person, browser: Browser, device: httpx.AsyncClient
) -> None:
    browser.provokes(REFUSED)
    codes = await begun(device)
    async with browser.page(PHONE, "dark") as page:
        await page.goto(codes["verification_uri_complete"])
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.keyboard.press("Enter")
        await page.get_by_text("canary-radio", exact=True).wait_for()
        shown = await page.get_by_role("main").inner_text()
        assert all(each in shown for each in (codes["user_code"], "127.0.0.1", person.email))
        await accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert (await entered(device, codes))["error"] == "authorization_pending"
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_role("status").get_by_text("is being signed in").wait_for()
        token = (await entered(device, codes))["access_token"]
        answer = await device.get("/account", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["email"] == person.email
        await page.get_by_role("link", name="See what is signed in").click()
        await page.get_by_text("canary-radio").wait_for()


async def test_a_code_is_typed_as_it_comes_and_what_is_denied_stays_out(
    person: Person, browser: Browser, device: httpx.AsyncClient
) -> None:
    browser.provokes(REFUSED)
    codes = await begun(device)
    async with browser.page() as page:
        await person.sign_in(page, "")
        await page.goto(codes["verification_uri"])
        assert page.url.endswith("/#/device")
        await page.get_by_label("Code").fill("BBBB-BBBB")
        await page.keyboard.press("Enter")
        await page.get_by_role("alert").get_by_text("No device waits with this code").wait_for()
        await accessible(page)
        await page.get_by_label("Code").fill(f" {codes['user_code'].lower().replace('-', '')} ")
        await page.get_by_role("button", name="Go on").click()
        await page.get_by_role("button", name="Deny").click()
        await page.get_by_role("status").get_by_text("stays out").wait_for()
        assert (await entered(device, codes))["error"] == "access_denied"
