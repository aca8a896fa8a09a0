"""Webhooks and their deliveries as people read them. Pure."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from cli.times import shown
from cli.tree.printer import Column, Kind

_FAILURES = {
    "status": "",
    "redirect": "redirects are not followed",
    "gone": "gone",
    "timed_out": "no whole answer within 20 seconds",
    "unreachable": "no connection",
    "tls": "the certificate is not good",
    "bad_answer": "no proper answer of HTTP, or one that is too long",
    "forbidden": "the address leads into a network that is not public",
    "disabled": "the webhook was deleted or disabled",
    "internal": "trouble at the server's side",
}
"""What the codes of failures say. A status says enough by itself."""


class Disabled(Struct, frozen=True):
    """The end of a webhook: its time and its reason."""

    at: datetime
    reason: str


class Webhook(Struct, frozen=True):
    """A webhook. `secret` is there where it was just made."""

    webhook_id: str
    url: str
    events: list[str]
    created: datetime
    failing_since: datetime | None = None
    disabled: Disabled | None = None
    secret: str = ""

    def __repr__(self) -> str:
        return f"Webhook({self.webhook_id!r})"


class Attempt(Struct, frozen=True):
    """One attempt of a delivery."""

    attempt: int
    at: datetime
    status: int | None = None
    code: str | None = None


class Delivery(Struct, frozen=True):
    """A delivery with its attempts."""

    delivery_id: str
    type: str
    asked: datetime
    state: str
    attempts: list[Attempt]
    job_id: str | None = None
    next_attempt: datetime | None = None


def standing(hook: Webhook) -> str:
    """Return how a webhook is."""
    if hook.disabled:
        return f"disabled {shown(hook.disabled.at)}, {hook.disabled.reason}"
    return f"failing since {shown(hook.failing_since)}" if hook.failing_since else "at work"


COLUMNS = [
    Column[Webhook]("webhook", lambda hook: hook.webhook_id, kind=Kind.ID),
    Column[Webhook]("address", lambda hook: hook.url, cut=True),
    Column[Webhook]("hears of", lambda hook: ",".join(hook.events), cut=True),
    Column[Webhook]("standing", standing),
]
"""A webhook in a list."""


def lines(delivery: Delivery) -> Iterator[str]:
    """Yield the lines of a delivery: what it is about, and each attempt."""
    about = f"  {delivery.job_id}" if delivery.job_id else ""
    yield f"{delivery.delivery_id}  {shown(delivery.asked)}  {delivery.state:<9}  {delivery.type}{about}"
    for each in delivery.attempts:
        yield f"    attempt {each.attempt}  {shown(each.at)}  {outcome(each)}"
    if delivery.next_attempt:
        yield f"    next     {shown(delivery.next_attempt)}"


def outcome(attempt: Attempt) -> str:
    """Return what came of an attempt, in a few words."""
    if attempt.code is None:
        return f"accepted with {attempt.status}"
    words = _FAILURES.get(attempt.code, attempt.code)
    return f"answered with {attempt.status}{words and f': {words}'}" if attempt.status else words
