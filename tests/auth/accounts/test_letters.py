"""Registration, reset and invitation by letter; the notifier's part is played by asking as it does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from waiting import wait_for

from auth.accounts.accounts import Accounts, new_account
from auth.accounts.letter_limits import PER_ACCOUNT, PER_CLIENT
from auth.accounts.letter_requests import MOST_WAITING, LetterRequests
from auth.accounts.letters import LIFETIMES, Letters
from auth.accounts.operator_changes import OperatorChanges, find
from auth.accounts.unconfirmed import AFTER, forget_unverified
from auth.passwords.hasher import Hasher
from auth.sessions.api_keys import ApiKeys
from auth.stores.directory import Identity
from auth.stores.mongo.directory import MongoDirectory
from events.errors import NotConfirmed
from events.types import AccountLetterRequested, Letter
from tests.auth.conftest import SERVICE, Site
from tests.auth.test_app import assert_problem

EMAIL, PASSWORD, OTHER = "ann@example.com", "a good: pässword", "quite another password"
CONFIRM, RESET = "/register/confirm", "/password/reset"


class Post:
    """A client of auth, and the mailboxes of everybody."""

    def __init__(self, http: httpx.AsyncClient, letter_requests: LetterRequests, broker: Any) -> None:
        self.http, self._desk, self._broker = http, letter_requests, broker

    async def asked(self) -> list[tuple[str, Letter, str]]:
        """The letters that the log was asked for since the last look: account, kind and event."""
        await self._desk.settled()
        told = [(event, event.payload()) for event in self._broker.events]
        self._broker.events.clear()
        return [(e.subject, p.letter, e.id) for e, p in told if isinstance(p, AccountLetterRequested)]

    async def one(self) -> tuple[str, Letter, str]:
        """The one letter that was asked for."""
        found: list[tuple[str, Letter, str]] = []

        async def came() -> bool:
            found.extend(await self.asked())
            return bool(found)

        await wait_for(came)
        [letter] = found
        return letter

    async def grant(self, account_id: str, letter: Letter, cause: str) -> Any:
        path, asked = f"/accounts/{account_id}/letters", {"letter": letter, "cause": cause}
        return await self.http.post(path, json=asked, headers=SERVICE)

    async def token(self) -> str:
        """What stands in the link of the one letter."""
        answer = await self.grant(*await self.one())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    async def register(self, email: str = EMAIL) -> httpx.Response:
        return await self.http.post("/register", json={"email": email, "password": PASSWORD})

    async def forgot(self, email: str = EMAIL, **headers: str) -> httpx.Response:
        return await self.http.post("/password/forgot", json={"email": email}, headers=headers)

    async def choose(self, path: str, token: str, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post(path, json={"token": token, "password": password})

    async def signs_in(self, password: str = PASSWORD, email: str = EMAIL) -> bool:
        return (await self.http.post("/login", auth=(email, password))).status_code == 200


@pytest.fixture
async def post(site: Site, letter_requests: LetterRequests, fake_broker: Any) -> AsyncIterator[Post]:
    async with site.client(verification=True) as http:
        yield Post(http, letter_requests, fake_broker)


@pytest.fixture
async def ann(post: Post, accounts: Accounts, fake_broker: Any) -> str:
    """Somebody with an account; its id."""
    account = await accounts.register(EMAIL, PASSWORD)
    fake_broker.events.clear()
    return account.account_id


async def test_who_has_the_mailbox_chooses_the_password_that_counts(post: Post) -> None:
    await post.register()
    token = await post.token()
    assert not await post.signs_in()
    assert (await post.choose(CONFIRM, token, OTHER)).status_code == 200
    assert await post.signs_in(OTHER)
    assert not await post.signs_in()


async def test_the_answers_are_the_same_to_the_byte_whoever_has_the_address(
    post: Post, ann: str, changes: OperatorChanges, directory: MongoDirectory
) -> None:
    for email in ("unverified@example.com", "disabled@example.com"):
        await post.register(email)
        await post.one()
    await changes.disable(await find(directory, "disabled@example.com"))
    emails = (EMAIL, "unknown@example.com", "unverified@example.com", "disabled@example.com")
    for ask in (post.register, post.forgot):
        answers = [await ask(email) for email in emails]
        assert {(each.status_code, each.content, str(each.headers)) for each in answers} == {
            (202, answers[0].content, str(answers[0].headers))
        }


async def test_the_answer_does_not_wait_for_anybody_to_look(
    post: Post, directory: MongoDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(email: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(directory, "by_email", never)
    for ask in (post.register, post.forgot):
        assert (await ask()).status_code == 202


async def test_who_registers_an_address_that_has_an_account_changes_nothing_and_its_holder_hears(
    post: Post, ann: str
) -> None:
    await post.register()
    assert (await post.one())[:2] == (ann, Letter.ALREADY_REGISTERED)
    assert await post.signs_in()


async def test_a_reset_ends_all_that_was_signed_in_and_is_told(post: Post, ann: str) -> None:
    session = (await post.http.post("/login", auth=(EMAIL, PASSWORD))).json()
    await post.forgot()
    assert (await post.choose(RESET, await post.token(), OTHER)).status_code == 200
    assert (await post.one())[:2] == (ann, Letter.PASSWORD_CHANGED)
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    assert (await post.http.post("/validate", headers=bearer)).status_code == 401
    assert (await post.http.post("/refresh", json=session)).status_code == 401
    assert (await post.signs_in(OTHER), await post.signs_in()) == (True, False)


async def test_a_password_is_changed_by_the_one_there_was_and_only_this_session_goes_on(
    post: Post, ann: str
) -> None:
    here, there = [(await post.http.post("/login", auth=(EMAIL, PASSWORD))).json() for _ in range(2)]
    bearer = {"Authorization": f"Bearer {here['access_token']}"}
    change = {"current": OTHER, "password": "one more password"}
    assert_problem(await post.http.post("/password", json=change, headers=bearer), 422)
    change["current"] = PASSWORD
    assert (await post.http.post("/password", json=change, headers=bearer)).status_code == 204
    assert (await post.http.post("/refresh", json=there)).status_code == 401
    assert (await post.http.post("/refresh", json=here)).status_code == 200
    assert await post.signs_in("one more password")
    assert (await post.one())[:2] == (ann, Letter.PASSWORD_CHANGED)


async def test_a_token_is_good_once_for_a_while_for_its_kind_and_while_there_is_an_account(
    post: Post, ann: str, clock: Any, changes: OperatorChanges, directory: MongoDirectory
) -> None:
    async def fresh() -> str:
        clock.now += timedelta(hours=2)
        await post.forgot()
        return await post.token()

    used = await fresh()
    assert_problem(await post.choose(RESET, used, "short"), 422)
    assert (await post.choose(RESET, used)).status_code == 200
    assert_problem(await post.choose(RESET, used), 410)
    await post.one()
    of_another_kind = await fresh()
    assert_problem(await post.choose(CONFIRM, of_another_kind), 410)
    replaced, newest = of_another_kind, await fresh()
    refused = {(await post.choose(RESET, each)).content for each in (used, replaced, "x", newest + "x")}
    assert len(refused) == 1
    clock.now += LIFETIMES[Letter.RESET]
    assert_problem(await post.choose(RESET, newest), 410)
    of_nobody = await fresh()
    await changes.erase(await find(directory, EMAIL))
    assert_problem(await post.choose(RESET, of_nobody), 410)


async def test_work_that_comes_again_brings_a_second_token_and_the_first_stays_good(
    post: Post, ann: str
) -> None:
    await post.forgot()
    wanted = await post.one()
    first, second = [(await post.grant(*wanted)).json()["token"] for _ in range(2)]
    assert first != second
    assert (await post.choose(RESET, first)).status_code == 200
    assert_problem(await post.choose(RESET, second), 410)


async def test_an_invitation_opens_a_closed_door_and_no_other_letter_does(
    post: Post,
    site: Site,
    changes: OperatorChanges,
) -> None:
    await changes.invite(EMAIL, ("user", "admin"))
    await changes.invite(EMAIL, ("user", "admin"))
    _, (account_id, letter, cause) = await post.asked()
    assert letter == Letter.INVITATION
    token = (await post.grant(account_id, letter, cause)).json()["token"]
    async with site.client(registration="closed") as http:
        assert (await http.post(CONFIRM, json={"token": token, "password": PASSWORD})).status_code == 200
        answer = await http.post("/login", auth=(EMAIL, PASSWORD))
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await post.http.post("/validate", headers=bearer)).json()["roles"] == ["user", "admin"]
    assert_problem(await post.http.post("/invitations", json={"email": EMAIL}, headers=bearer), 409)
    other = {"email": "bob@example.com"}
    assert (await post.http.post("/invitations", json=other, headers=bearer)).status_code == 202
    assert (await post.grant(account_id, Letter.VERIFY, cause)).status_code == 404


async def test_only_administrators_invite(post: Post, ann: str) -> None:
    token = (await post.http.post("/login", auth=(EMAIL, PASSWORD))).json()["access_token"]
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        answer = await post.http.post("/invitations", json={"email": "b@example.com"}, headers=headers)
        assert_problem(answer, 401)


async def test_an_api_key_that_leaks_makes_no_administrators(
    post: Post, accounts: Accounts, api_keys: ApiKeys
) -> None:
    boss = await accounts.register("boss@example.com", PASSWORD, ("user", "admin"))
    _, key = await api_keys.create(boss.account_id, "staff", ["admin"], 1)
    bearer = {"Authorization": f"Bearer {(await api_keys.exchange(key)).text}"}
    for roles, status in ((["user"], 202), (["user", "admin"], 422)):
        asked = {"email": "b@example.com", "roles": roles}
        answer = await post.http.post("/invitations", json=asked, headers=bearer)
        assert answer.status_code == status, answer.text


async def test_only_the_notifier_gets_tokens(post: Post, ann: str) -> None:
    asked = {"letter": "reset", "cause": "e-1"}
    for headers in ({}, {"Authorization": "Bearer between-servicesx"}):
        answer = await post.http.post(f"/accounts/{ann}/letters", json=asked, headers=headers)
        assert_problem(answer, 401)


async def test_a_mailbox_is_not_filled_and_who_asks_on_and_on_does_not_keep_its_holder_waiting(
    post: Post, ann: str, clock: Any
) -> None:
    for _ in range(PER_ACCOUNT + 3):
        assert (await post.forgot()).status_code == 202
    assert len(await post.asked()) == PER_ACCOUNT
    clock.now += timedelta(minutes=59)
    await post.forgot()
    assert await post.asked() == []
    clock.now += timedelta(minutes=2)
    await post.forgot()
    assert len(await post.asked()) == 1


async def test_a_client_that_asks_too_often_is_told_so_whatever_the_addresses(post: Post) -> None:
    gateway = {"tonearm-service": "between-services", "tonearm-client": "192.0.2.7"}
    statuses = [(await post.forgot(f"{n}@example.com", **gateway)).status_code for n in range(PER_CLIENT + 1)]
    assert statuses == [202] * PER_CLIENT + [429]


async def test_while_letters_cannot_be_sent_or_too_many_wait_it_is_503_for_everybody(
    post: Post, letter_requests: LetterRequests, fake_broker: Any
) -> None:
    fake_broker.mode = "away"
    assert_problem(await post.forgot(), 503)
    fake_broker.mode = "up"
    for _ in range(MOST_WAITING):
        letter_requests._waiting.put_nowait(letter_requests.settled)  # ends when all have: never
    await wait_for(lambda: letter_requests._waiting.qsize() < MOST_WAITING)
    letter_requests._waiting.put_nowait(letter_requests.settled)
    assert (await post.forgot()).headers["retry-after"]


async def test_nobody_confirms_and_the_account_goes_once_no_link_leads_to_it(
    post: Post, ann: str, letters: Letters, directory: MongoDirectory, announcer: Any, clock: Any
) -> None:
    await post.register("bob@example.com")
    await post.one()
    await post.register("bob@example.com")
    clock.now += AFTER - timedelta(hours=1)
    await post.token()
    clock.now += timedelta(hours=2)
    await forget_unverified(directory, letters, announcer, clock.now)
    assert await directory.by_email("bob@example.com")
    clock.now += timedelta(days=1)
    await forget_unverified(directory, letters, announcer, clock.now)
    assert await directory.by_email("bob@example.com") is None
    assert await directory.by_email(EMAIL)


async def test_a_sign_in_that_a_reset_overtakes_begins_no_session(
    post: Post, ann: str, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.forgot()
    token, begin = await post.token(), accounts._sessions.begin

    async def overtaken(*args: Any, **options: Any) -> Any:
        assert (await post.choose(RESET, token, OTHER)).status_code == 200
        return await begin(*args, **options)

    monkeypatch.setattr(accounts._sessions, "begin", overtaken)
    assert not await post.signs_in()


async def test_of_two_letters_granted_at_once_the_later_link_is_good(
    post: Post, ann: str, letters: Letters, clock: Any
) -> None:
    later = await letters.grant(ann, Letter.RESET, "e-2")
    clock.now -= timedelta(seconds=1)
    await letters.grant(ann, Letter.RESET, "e-1")  # which began a moment before, and was overtaken
    assert (await post.choose(RESET, later.token)).status_code == 200


async def test_a_mailbox_is_no_way_around_an_issuer(post: Post, ann: str, directory: MongoDirectory) -> None:
    known = new_account("bob@example.com", ("user",), datetime(2026, 1, 1, tzinfo=UTC))
    await directory.add(replace(known, verified=True), Identity("https://id.example", "bob"))
    await directory.link(ann, Identity("https://id.example", "ann"))
    for email in ("bob@example.com", EMAIL):
        assert (await post.forgot(email)).status_code == 202
    assert (await post.one())[0] == ann, "who had a password may replace it"


async def test_an_invitation_leads_nowhere_once_an_issuer_has_said_whose_the_account_is(
    post: Post, changes: OperatorChanges, directory: MongoDirectory
) -> None:
    account = await changes.invite(EMAIL, ("user",))
    token = await post.token()
    await directory.link(account.account_id, Identity("https://id.example", "ann"))
    assert_problem(await post.choose(CONFIRM, token), 410)


async def test_a_change_that_a_reset_overtakes_changes_nothing(
    post: Post, ann: str, hasher: Hasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = (await post.http.post("/login", auth=(EMAIL, PASSWORD))).json()
    await post.forgot()
    token, verify = await post.token(), hasher.verify

    async def overtaken(*shown: Any) -> bool:
        right = await verify(*shown)
        assert (await post.choose(RESET, token, OTHER)).status_code == 200
        return right

    monkeypatch.setattr(hasher, "verify", overtaken)
    change = {"current": PASSWORD, "password": "a canary of the thief's"}
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    assert_problem(await post.http.post("/password", json=change, headers=bearer), 401)
    monkeypatch.undo()
    assert await post.signs_in(OTHER)


async def test_an_invitation_that_could_not_be_told_is_told_when_it_is_repeated(
    post: Post, changes: OperatorChanges, fake_broker: Any
) -> None:
    fake_broker.mode = "away"
    with pytest.raises(NotConfirmed):
        await changes.invite(EMAIL, ("user",))
    fake_broker.mode = "up"
    await changes.invite(EMAIL, ("user",))
    assert fake_broker.types() == ["account.registered", "account.letter_requested"]
