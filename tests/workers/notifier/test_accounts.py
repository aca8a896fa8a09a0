from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from service.mail_preference import MailPreference
from tests.workers.notifier.servers import TOKEN, Auth, auth_serving
from workers.notifier.accounts import Addressee, AuthAccounts
from workers.notifier.errors import AccountsUnavailable, Undeliverable


@pytest.fixture
def auth() -> Iterator[Auth]:
    with auth_serving({"a-1": "ada@example.net"}) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        yield client


async def test_auth_tells_the_address_and_which_mails_go_there(auth: Auth, http: httpx.AsyncClient) -> None:
    accounts = AuthAccounts(http, auth.url, TOKEN)
    assert await accounts.addressee("a-1") == Addressee("ada@example.net", MailPreference.ALL, "")
    auth.preferences["a-1"] = "failures"
    assert await accounts.addressee("a-1") == Addressee(
        "ada@example.net", MailPreference.FAILURES, "tonearmu_a-1"
    )


@pytest.mark.parametrize("account_id", ["a-2", "../accounts/a-1", "a-1?x="])
async def test_an_unknown_account_is_undeliverable(
    auth: Auth, http: httpx.AsyncClient, account_id: str
) -> None:
    with pytest.raises(Undeliverable):
        await AuthAccounts(http, auth.url, TOKEN).addressee(account_id)


async def test_a_wrong_service_token_is_trouble_of_ours(auth: Auth, http: httpx.AsyncClient) -> None:
    with pytest.raises(AccountsUnavailable, match="401"):
        await AuthAccounts(http, auth.url, "wrong").addressee("a-1")


async def test_auth_in_trouble_is_asked_again_later(auth: Auth, http: httpx.AsyncClient) -> None:
    auth.broken = True
    with pytest.raises(AccountsUnavailable, match="503"):
        await AuthAccounts(http, auth.url, TOKEN).addressee("a-1")


async def test_auth_away_is_asked_again_later(http: httpx.AsyncClient) -> None:
    with pytest.raises(AccountsUnavailable, match="ConnectError"):
        await AuthAccounts(http, "http://127.0.0.1:1", TOKEN).addressee("a-1")
