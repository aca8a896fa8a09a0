"""The mail about a webhook that was disabled, by a real mail server."""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import account_event, fact
from events.ids import new_id
from events.types import (
    AccountLetterRequested,
    DisablingReason,
    HookDisabled,
    HookNotificationFailed,
    HookNotified,
    Letter,
)
from events.work.task import Work
from tests.workers.notifier.servers import TOKEN, Catcher, auth_serving
from workers.notifier.accounts import AuthAccounts
from workers.notifier.errors import NoAccount
from workers.notifier.mail.account_handler import AccountMailHandler
from workers.notifier.mail.hook_handler import HookMailHandler
from workers.notifier.mail.letter_handler import LetterHandler
from workers.notifier.mail.letterhead import letterhead
from workers.notifier.mail.mail_room import MailRoom
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer
from workers.notifier.mail.smtp_url import parse_smtp_url

DISABLED = HookDisabled(reason=DisablingReason.GONE)


@pytest.fixture
async def handler(database: AsyncDatabase[dict[str, Any]], plain: Controller) -> AsyncIterator[LetterHandler]:
    with auth_serving({"ada": "ada@example.net", "never": "permfail@example.net"}) as auth:
        async with httpx.AsyncClient(trust_env=False) as http:
            room = MailRoom(
                accounts=AuthAccounts(http, auth.url, TOKEN),
                mailer=Mailer(parse_smtp_url(f"smtp://127.0.0.1:{plain.port}")),
                sent=SentMails(database),
                head=letterhead("tonearm@example.org", "http://tonearm.example.org"),
            )
            yield LetterHandler(AccountMailHandler(room), HookMailHandler(room))


def work(account: str) -> Work:
    return Work(fact(DISABLED, subject=new_id(), account=account, source="test"), DISABLED, 1)


async def test_the_owner_gets_one_mail_however_often_the_work_comes(handler: LetterHandler, catcher: Catcher):
    asked = work("ada")
    answers = [await handler.handle(asked) for _ in range(2)]
    [mail] = [message_from_bytes(each, policy=default) for each in catcher.kept]
    assert (mail["To"], mail["Subject"]) == ("ada@example.net", "Tonearm: A webhook of yours is disabled")
    assert "it is gone (410)" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "http://tonearm.example.org/#/account" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for answer in answers:
        assert answer
        assert answer.payload() == HookNotified(message_id=mail["Message-ID"])
        assert answer.subject == asked.event.subject


@pytest.mark.parametrize("account", ["nobody", "never"])
async def test_a_mail_that_cannot_be_sent_is_told(handler: LetterHandler, account: str):
    answer = await handler.handle(work(account))
    assert answer
    told = answer.payload()
    assert isinstance(told, HookNotificationFailed)
    assert "@" not in told.reason


async def test_letters_of_both_kinds_come_from_one_queue(handler: LetterHandler):
    letter = AccountLetterRequested(letter=Letter.PASSWORD_CHANGED)
    asked = Work(account_event(letter, account="nobody", source="test", occasion="o"), letter, 5)
    given_up = [handler.gave_up(each, NoAccount("…")) for each in (asked, work("ada"))]
    assert [each.type for each in given_up if each] == [
        "account.notification_failed",
        "hook.notification_failed",
    ]
    assert handler.retrying(asked, NoAccount("…"), 5) is None
