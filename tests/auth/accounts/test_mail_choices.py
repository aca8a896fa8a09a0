"""Which mails about jobs people get: what they choose, and what a mail's link does for them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from waiting import wait_for

from auth.accounts.accounts import Accounts
from auth.accounts.operator_changes import OperatorChanges
from auth.accounts.unsubscribe_links import UnsubscribeLinks
from auth.sessions.api_keys import ApiKeys
from auth.stores.mongo.directory import MongoDirectory
from events.types import AccountChanged
from service.mail_preference import MailPreference
from tests.auth.conftest import SERVICE, Site
from tests.auth.test_app import assert_problem

EMAIL, PASSWORD = "ann@example.com", "a canary: pässword"


class Ann:
    """Somebody with an account, who is signed in; and what the notifier is told of her."""

    def __init__(self, http: httpx.AsyncClient, account_id: str, token: str, broker: Any) -> None:
        self.http, self.account_id, self._broker = http, account_id, broker
        self.signed_in = {"Authorization": f"Bearer {token}"}

    async def chooses(self, mails: Any) -> httpx.Response:
        return await self.http.put("/preferences", json={"mails": mails}, headers=self.signed_in)

    async def follows(self, token: Any) -> httpx.Response:
        return await self.http.post("/unsubscribe", json={"token": token})

    async def as_the_notifier_sees_her(self) -> Any:
        answer = await self.http.get(f"/accounts/{self.account_id}", headers=SERVICE)
        assert answer.status_code == 200
        return answer.json()

    def changes(self) -> list[Any]:
        return [
            event.payload() for event in self._broker.events if isinstance(event.payload(), AccountChanged)
        ]


@pytest.fixture
async def ann(site: Site, accounts: Accounts, fake_broker: Any) -> AsyncIterator[Ann]:
    account = await accounts.register(EMAIL, PASSWORD)
    grant = await accounts.sign_in(EMAIL, PASSWORD)
    async with site.client() as http:
        yield Ann(http, account.account_id, grant.access.text, fake_broker)


async def test_what_somebody_chooses_is_kept_and_the_notifier_is_told(ann: Ann) -> None:
    shown = await ann.http.get("/preferences", headers=ann.signed_in)
    assert (shown.status_code, shown.json()) == (200, {"mails": "all", "links": False})
    for mails in ("failures", "none", "all"):
        chosen = await ann.chooses(mails)
        assert (chosen.status_code, chosen.json()) == (200, {"mails": mails, "links": False})
        kept = (await ann.http.get("/preferences", headers=ann.signed_in)).json()
        assert kept == {"mails": mails, "links": False}
        assert (await ann.as_the_notifier_sees_her())["mails"] == mails


async def test_links_in_mails_are_off_until_somebody_wants_them_and_stay_as_they_are(ann: Ann) -> None:
    assert (await ann.as_the_notifier_sees_her())["links"] is False
    wanted = {"mails": "all", "links": True}
    chosen = await ann.http.put("/preferences", json=wanted, headers=ann.signed_in)
    assert chosen.json() == wanted
    assert (await ann.chooses("failures")).json() == {"mails": "failures", "links": True}
    assert (await ann.as_the_notifier_sees_her())["links"] is True
    await wait_for(lambda: len(ann.changes()) >= 2)
    assert ann.changes() == [AccountChanged(fields=("mail_links",)), AccountChanged(fields=("mails",))]


async def test_a_change_is_in_the_log_once_and_without_its_value(ann: Ann) -> None:
    for _ in range(2):
        await ann.chooses("none")
    await ann.chooses("all")
    await wait_for(lambda: len(ann.changes()) >= 2)
    assert ann.changes() == [AccountChanged(fields=("mails",))] * 2


@pytest.mark.parametrize("mails", ["some", "", 1, None, ["all"]])
async def test_what_cannot_be_chosen_is_named(ann: Ann, mails: Any) -> None:
    problem = assert_problem(await ann.chooses(mails), 422)
    assert problem["detail"] == "mails: give one of all, failures, none"


async def test_an_api_key_cannot_silence_its_owners_mails(ann: Ann, api_keys: ApiKeys) -> None:
    _, key = await api_keys.create(ann.account_id, "leaked", ("read", "upload"), 1)
    exchanged = await api_keys.exchange(key, "")
    headers = {"Authorization": f"Bearer {exchanged.text}"}
    assert (await ann.http.put("/preferences", json={"mails": "none"}, headers=headers)).status_code == 401
    assert (await ann.as_the_notifier_sees_her())["mails"] == "all"


async def test_a_mails_link_ends_mails_as_often_as_it_is_followed(
    ann: Ann,
) -> None:
    token = (await ann.as_the_notifier_sees_her())["unsubscribe"]
    for _ in range(2):
        assert (await ann.follows(token)).status_code == 200
        assert (await ann.as_the_notifier_sees_her())["mails"] == "none"
    await ann.chooses("all")
    assert (await ann.as_the_notifier_sees_her())["unsubscribe"] == token
    assert (await ann.follows(token)).status_code == 200
    assert (await ann.as_the_notifier_sees_her())["mails"] == "none"


async def test_a_link_of_an_account_that_is_gone_has_nothing_to_do(
    ann: Ann, changes: OperatorChanges, directory: MongoDirectory
) -> None:
    token = (await ann.as_the_notifier_sees_her())["unsubscribe"]
    account = await directory.by_id(ann.account_id)
    assert account
    await changes.erase(account)
    assert (await ann.follows(token)).status_code == 200


async def test_a_made_up_link_ends_nobodys_mails(ann: Ann) -> None:
    token = (await ann.as_the_notifier_sees_her())["unsubscribe"]
    other = UnsubscribeLinks(b"another secret").token(ann.account_id)
    last = "0" if token[-1] != "0" else "1"
    slips = (token[:-1] + last, token[:-1], token + "0", token.upper(), "", "tonearmu_", "ü" * 200)
    for made_up in (other, *slips):
        assert_problem(await ann.follows(made_up), 410)
    assert_problem(await ann.follows(7), 422)
    assert (await ann.as_the_notifier_sees_her())["mails"] == "all"


async def test_a_mails_link_can_do_nothing_else(ann: Ann) -> None:
    token = (await ann.as_the_notifier_sees_her())["unsubscribe"]
    headers = {"Authorization": f"Bearer {token}"}
    for method, path in (("GET", "/preferences"), ("POST", "/validate"), ("POST", "/keys/exchange")):
        assert (await ann.http.request(method, path, headers=headers)).status_code == 401
    for path in ("/password/reset", "/register/confirm"):
        assert_problem(await ann.http.post(path, json={"token": token, "password": PASSWORD}), 410)


async def test_an_operators_choice_is_told_and_holds(
    ann: Ann, changes: OperatorChanges, directory: MongoDirectory
) -> None:
    account = await directory.by_id(ann.account_id)
    assert account
    await changes.set_mails(account, MailPreference.FAILURES)
    assert ann.changes() == [AccountChanged(fields=("mails",))]
    assert (await ann.as_the_notifier_sees_her())["mails"] == "failures"
