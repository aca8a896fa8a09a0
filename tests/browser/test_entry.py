"""Getting in: by a password, a registration, a mail, a provider; and what every tab knows of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from conftest import started
from servers.openid import CLIENT_ID, SECRET, Canaille
from servers.openid import PASSWORD as PROVIDERS_PASSWORD
from waiting import wait_for

from infra.drills.rig.stack import Stack
from infra.local.ports import free_port
from tests.browser.conftest import LATE, OFFLINE, PHONE, REFUSED, Browser, Person, accessible
from tests.browser.stories import READY, tell
from tests.system.conftest import running

pytestmark = pytest.mark.servers


async def fill(page: Any, email: str, password: str = "") -> None:
    await page.get_by_label("E-mail").fill(email)
    if password:
        await page.get_by_label("Password").fill(password)


async def test_a_wrong_password_is_said_at_the_form_and_the_right_one_leads_to_where_one_wanted_to_be(
    person: Person, browser: Browser
) -> None:
    browser.provokes(REFUSED)
    async with browser.page(PHONE, "dark") as page:
        await page.goto(f"{person.stack.url}/#/account")
        await page.get_by_text("./justw status").wait_for()
        await fill(page, person.email, "canary wrong password")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("alert").get_by_text("No account has this address and password").wait_for()
        assert await page.get_by_label("Password").evaluate("each => each === document.activeElement")
        await accessible(page)
        await fill(page, person.email, person.password)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Sign out").wait_for()
        assert page.url.endswith("/#/account")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_the_form_learns_later_what_it_could_not_ask_and_says_if_the_browser_keeps_no_session(
    person: Person, browser: Browser
) -> None:
    browser.provokes(OFFLINE)
    async with browser.page() as page:
        await page.route("**/entry", lambda route: route.abort("internetdisconnected"))
        await page.goto(person.stack.url)
        await page.get_by_text("The server cannot be reached").wait_for()
        await page.unroute("**/entry")
        await page.get_by_text("./justw status").wait_for()
        await page.route("**/login?*", lambda route: route.fulfill(json={}))
        await fill(page, person.email, person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("alert").get_by_text("Your browser has not kept the session").wait_for()


async def test_a_gateway_that_does_not_know_yet_who_has_signed_out_is_asked_again_and_all_stays_in_its_place(
    person: Person, browser: Browser
) -> None:
    browser.provokes(OFFLINE, "status of 503")
    [job_id] = await tell(person, ("talk.mp4", READY))
    async with browser.page() as page:
        await person.sign_in(page)
        await page.locator(f"[data-job-id='{job_id}']").wait_for()
        asked: list[Any] = []

        async def begins(route: Any) -> None:
            asked.append(route)
            await (
                route.fulfill(status=503, json={"detail": "try again"})
                if len(asked) < 3
                else route.continue_()
            )

        await page.route("**/session", begins)
        await page.context.set_offline(True)
        await page.get_by_text("The server cannot be reached").wait_for()
        await page.context.set_offline(False)
        await wait_for(lambda: len(asked) == 3)
        await page.get_by_text("The server cannot be reached").wait_for(state="detached")
        assert await page.locator(f"[data-job-id='{job_id}']").count() == 1


async def test_a_sign_out_without_a_connection_does_not_end_the_session_after_it(
    person: Person, browser: Browser
) -> None:
    browser.provokes(OFFLINE)
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="Sign out").wait_for()
        for path in ("**/logout", "**/health/live"):
            await page.route(path, lambda route: route.abort("internetdisconnected"))
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_text("You are signed out.").wait_for()
        await page.unroute("**/logout")
        await fill(page, person.email, person.password)
        async with page.expect_response("**/logout"):
            await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Sign out").wait_for()


async def test_who_signs_out_on_a_line_that_stands_still_is_out_and_what_they_meant_is_done_first(
    person: Person, browser: Browser
) -> None:
    browser.provokes(LATE)
    [job] = await tell(person, ("talk.mp4", READY))
    async with browser.page() as page:
        parts: list[Any] = []
        await page.route("**/jobs/deeds.js*", lambda route: parts.append(route))
        await person.sign_in(page)
        await page.locator(f"[data-job-id='{job}']").get_by_role("button", name="Delete").click()
        still: list[Any] = []
        await page.route(f"**/jobs/{job}", lambda route: still.append(route))
        await page.get_by_role("button", name="Sign out").click()
        await wait_for(lambda: bool(parts))
        await parts[0].continue_()
        await page.get_by_text("You are signed out.").wait_for()
        await fill(page, person.email, person.password)
        browser.requested.clear()
        await page.get_by_role("button", name="Sign in").click()
        await wait_for(lambda: bool(still))
        await still[0].continue_()
        await page.get_by_role("button", name="Sign out").wait_for()
        sent = [url.rpartition("/")[2] for url in browser.requested]
        assert sent.index("logout") < sent.index("login?cookies=true")
    async with person.client() as client:
        assert (await client.get(f"/jobs/{job}")).status_code == 410


async def test_somebody_new_hears_the_rule_first_and_is_in_at_once(person: Person, browser: Browser) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:
        await page.goto(person.stack.url)
        await page.get_by_role("button", name="Make an account").click()
        await page.get_by_text("At least 15 characters").wait_for()
        await fill(page, f"canary-{uuid4().hex[:8]}@example.org", "canary short")
        await page.get_by_role("button", name="Make the account").click()
        await page.get_by_text("It needs at least 15 characters").wait_for()
        assert await page.get_by_label("Password").get_attribute("aria-invalid") == "true"
        await accessible(page)
        await page.get_by_label("Password").fill("a canary that is long enough")
        await page.get_by_role("button", name="Make the account").click()
        await page.get_by_role("button", name="Sign out").wait_for()


async def test_a_forgotten_password_is_replaced_by_the_link_in_a_mail(
    person: Person, browser: Browser
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:
        await page.goto(person.stack.url)
        await fill(page, person.email)
        await page.get_by_role("button", name="Forgotten your password?").click()
        await page.get_by_role("button", name="Send the mail").click()
        await page.get_by_role("status").get_by_text(person.email).wait_for()
        await accessible(page)
        await page.goto(await wait_for(lambda: link_for(person), 30))
        await page.get_by_text("At least 15 characters").wait_for()
        await accessible(page)
        await page.get_by_label("New password").fill("another canary sings at night")
        await page.get_by_role("button").click()
        await page.get_by_role("link", name="Sign in").click()
        await fill(page, person.email, "another canary sings at night")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Sign out").wait_for()


async def link_for(person: Person) -> str:
    """The link of the newest mail to somebody; empty while there is none."""
    for file in sorted(person.stack.mailbox.glob("[0-9]*.eml"), reverse=True):
        mail = BytesParser(policy=policy.default).parsebytes(file.read_bytes())
        body = mail.get_body(("plain",))
        if (
            mail["To"] == person.email
            and body
            and (found := re.search(r"http\S+token=\S+", body.get_content()))
        ):
            return found[0]
    return ""


async def test_who_signs_out_in_one_tab_is_out_in_all_of_them(person: Person, browser: Browser) -> None:
    browser.provokes(LATE)
    async with browser.page() as page:
        await person.sign_in(page)
        other = await page.context.new_page()
        await other.goto(person.stack.url)
        for each in (page, other):
            await each.get_by_role("button", name="Sign out").wait_for()
        await page.get_by_role("button", name="Sign out").click()
        for each in (page, other):
            await each.get_by_text("You are signed out").wait_for()
            assert await each.locator("input[type=file]").count() == 0
        await fill(other, person.email, person.password)
        await other.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Sign out").wait_for()


async def test_a_session_survives_a_reload_is_renewed_once_for_all_tabs_and_no_script_sees_its_token(
    person: Person, browser: Browser
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:
        await person.sign_in(page)
        other = await page.context.new_page()
        await other.goto(person.stack.url)
        for each in (page, other):
            await each.get_by_text("What you convert will stand here.").wait_for()
        kept = "JSON.stringify([document.cookie, localStorage, sessionStorage])"
        cookies = {each["name"]: each for each in await page.context.cookies()}
        for each in cookies.values():
            assert each["httpOnly"]
            assert each["value"] not in await page.evaluate(kept)
        await page.context.clear_cookies(name="__Host-tonearm")  # as it goes when its minutes are over
        browser.requested.clear()
        await asyncio.gather(page.reload(), other.reload())
        for each in (page, other):
            await each.get_by_role("button", name="Sign out").wait_for()
        refreshed = [url for url in browser.requested if url.endswith("/refresh")]
        assert len(refreshed) == 1


async def test_a_session_is_renewed_before_it_expires_as_a_player_could_not_ask_again(
    person: Person, browser: Browser
) -> None:
    async def soon_over(route: Any) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"expires_in": 1})

    async with browser.page() as page:
        await page.route("**/session", soon_over, times=1)
        async with page.expect_response("**/refresh") as renewed:
            await person.sign_in(page)
        assert (await renewed.value).ok


async def test_a_session_that_was_ended_elsewhere_is_said_and_the_address_stays(
    person: Person, browser: Browser
) -> None:
    browser.provokes(REFUSED)
    async with browser.page() as page:
        await person.sign_in(page)
        await page.get_by_role("button", name="Sign out").wait_for()
        async with person.client() as client:
            listed = (await client.get("/sessions")).json()["items"]
            [theirs] = [each["session_id"] for each in listed if not each["current"]]
            assert (await client.delete(f"/sessions/{theirs}")).status_code == 204

            async def out() -> bool:
                return bool((await page.request.get(f"{person.stack.url}/jobs")).status == 401)

            await wait_for(out, 30)
        # Not by the link: the page's stream may have told it already, and then there is none.
        await page.evaluate("location.hash = '#/account'")
        await page.get_by_text("Your session has ended").wait_for()
        assert page.url.endswith("/#/account")
        await fill(page, person.email, person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="Account").wait_for()


@pytest.fixture
async def company(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack that people sign in to by a provider of their own."""
    port = free_port()
    back = f"http://127.0.0.1:{port}/login/oidc/work/callback"
    ann = {"email": "canary-ann@example.org", "claims": {"email_verified": True}}
    provider = Canaille(back, {"ann": ann})
    settings = {
        "GATEWAY_PORT": str(port),
        "CONVERTERS": "1",
        "OIDC_ISSUERS": "work",
        "OIDC_WORK_ISSUER": provider.url,
        "OIDC_WORK_CLIENT_ID": CLIENT_ID,
        "OIDC_WORK_CLIENT_SECRET": SECRET,
        "OIDC_WORK_LABEL": "Our company",
    }
    try:
        await started(provider)
        async with running(Stack(tmp_path / "company", **settings)) as stack:
            yield stack
    finally:
        await provider.kill()


@pytest.mark.long
async def test_a_provider_signs_somebody_in_and_they_come_back_to_where_they_were_and_may_leave_for_good(
    company: Stack, browser: Browser
) -> None:
    browser.provokes(REFUSED, "ERR_FAILED")
    async with browser.page() as page:
        # The provider's own scripts would send its forms a second time, beside the browser.
        await page.route(re.compile("/static/"), lambda route: route.abort())
        async with httpx.AsyncClient(base_url=company.url) as device:
            codes = (await device.post("/login/device")).json()
        await page.goto(codes["verification_uri_complete"])
        await page.get_by_role("link", name="Continue with Our company").click()
        await page.locator("input[name=login]").fill("ann")
        await page.keyboard.press("Enter")
        await page.locator("input[name=password]").fill(PROVIDERS_PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_text("is being signed in").wait_for()
        assert page.url == codes["verification_uri_complete"]
        async with httpx.AsyncClient(base_url=company.url) as device:
            shown = {"device_code": codes["device_code"]}
            assert (await device.post("/login/device/token", json=shown)).json()["refresh_token"]
        await page.get_by_role("link", name="See what is signed in").click()
        await page.get_by_text("Your account has none: a provider signs you in").wait_for()
        await accessible(page)
        await page.get_by_text("Delete my account").click()
        await page.get_by_label("Type canary-ann@example.org").fill("canary-ann@example.org")
        await page.get_by_role("button", name="Delete all of it").click()
        await page.get_by_text("Your account is erased").wait_for()
        await page.goto(f"{company.url}/login/oidc/work/callback?state=made-up&code=made-up")
        await page.get_by_role("heading", name="Not signed in").wait_for()
        await accessible(page)
        await page.get_by_role("link", name="Sign in another way").click()
        await page.get_by_role("link", name="Continue with Our company").wait_for()


async def test_without_scripts_a_form_signs_in(person: Person, browser: Browser) -> None:
    browser.provokes(REFUSED)
    async with browser.page(scripts=False) as page:
        await page.goto(person.stack.url)
        await fill(page, person.email, "canary wrong password")
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("No account has this address and password").wait_for()
        assert await page.get_by_label("E-mail").input_value() == person.email
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(f"{person.stack.url}/")
        assert (await page.request.get(f"{person.stack.url}/jobs")).status == 200


async def test_a_form_of_another_site_signs_nobody_in(person: Person) -> None:
    shown = {"email": person.email, "password": person.password}
    async with httpx.AsyncClient(base_url=person.stack.url) as client:
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {}):
            answer = await client.post(
                "/login?cookies=true", data=shown, headers={"Accept": "text/html", **headers}
            )
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
