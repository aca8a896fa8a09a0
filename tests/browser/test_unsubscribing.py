"""The page behind the link in a mail, in a real browser, which has no cookie and runs no script of ours."""

import httpx
import pytest

from auth.accounts.unsubscribe_links import UnsubscribeLinks
from cli.account.settings import OperatorSettings
from tests.browser.conftest import PHONE, Browser
from tests.tokens.conftest import Site, site

__all__ = ["site"]

pytestmark = pytest.mark.servers


async def test_somebody_who_follows_a_mails_link_has_one_button_to_press(
    site: Site, browser: Browser
) -> None:
    person = await site.person()
    keys = OperatorSettings(local_dir=str(site.auth.out.parent / "local")).key_files()
    token = UnsubscribeLinks(keys.secret("unsubscribe")).token(person["account_id"])
    site.canaries.add(token)
    async with browser.page(PHONE) as page, site.client(person["access_token"]) as ann:

        async def mails() -> object:
            return (await ann.get("/preferences")).json()["mails"]

        await page.goto(f"{site.url}/unsubscribe?token={token}")
        assert await mails() == "all"
        await page.get_by_role("button").click()
        await page.get_by_text("No more mails about your jobs come").wait_for()
        assert await mails() == "none"
    assert {httpx.URL(url).netloc for url in browser.requested} == {httpx.URL(site.url).netloc}
