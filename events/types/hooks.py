"""The facts of webhooks. A webhook's address and its secret are in the store, and in no event."""

from enum import StrEnum
from typing import ClassVar

from events.payload import Aggregate, Given, Payload
from events.types.jobs import JobCancelled, JobConverted, JobDeleted, JobFailed, JobUploaded
from events.types.values import Count, Ordinal

TEST = "hook.test"
"""What a delivery is about that its owner asked for as a try."""
NEWSWORTHY = (JobUploaded.TYPE, JobConverted.TYPE, JobFailed.TYPE, JobCancelled.TYPE, JobDeleted.TYPE)
"""The types of event that webhooks may want to hear of."""


class DeliveryFailure(StrEnum):
    """The reason why an attempt to deliver came to nothing."""

    STATUS = "status"
    """The receiver answered, and not with a 2xx."""
    REDIRECT = "redirect"
    """The receiver pointed to somewhere else, where no delivery goes."""
    GONE = "gone"
    """The receiver answered 410: it wants no more."""
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    """No connection came about: no such name, nobody listens, or the line broke."""
    TLS = "tls"
    """The receiver's certificate is not one for its name, or cannot be trusted."""
    BAD_ANSWER = "bad_answer"
    """What came is no answer of HTTP, or is far too long."""
    FORBIDDEN = "forbidden"
    """The address is none that deliveries may go to."""
    DISABLED = "disabled"
    """The webhook was deleted or disabled before it was tried."""
    INTERNAL = "internal"


class DisablingReason(StrEnum):
    """The reason why a webhook gets nothing more."""

    GONE = "gone"
    FAILING = "failing"


class HookFact(Payload, frozen=True, kw_only=True):
    """Something that happened to a webhook."""

    AGGREGATE: ClassVar[Aggregate] = Aggregate.HOOK


class HookCreated(HookFact, frozen=True, kw_only=True):
    """A webhook exists from now on. `events` are the types of event that it wants."""

    TYPE: ClassVar[str] = "hook.created"
    NAMED_BY = ()
    events: tuple[str, ...]


class HookDeleted(HookFact, frozen=True, kw_only=True):
    """From now on nothing is delivered to the webhook."""

    TYPE: ClassVar[str] = "hook.deleted"
    NAMED_BY = ()


class HookRequested(HookFact, frozen=True, kw_only=True, omit_defaults=True):
    """A delivery shall be made: what happened to a job, or a try.

    `about` is the type of the event to deliver, or `TEST`; `event_id` its id. `delivery_id` is the
    `webhook-id` of every attempt, by which receivers know a repeated one.
    """

    TYPE: ClassVar[str] = "hook.requested"
    NAMED_BY = ("delivery_id",)
    delivery_id: str
    about: str
    event_id: str = ""
    job_id: str = ""


class HookDelivered(HookFact, frozen=True, kw_only=True):
    """The receiver accepted the delivery, with this status of HTTP, at this attempt."""

    TYPE: ClassVar[str] = "hook.delivered"
    NAMED_BY = ("delivery_id",)
    delivery_id: str
    attempt: Ordinal
    status: Count


class HookDeliveryFailed(HookFact, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt to deliver failed. `status` is HTTP's, 0: there was no answer.

    `again_in`: seconds until the next attempt; None: there will be none.
    """

    TYPE: ClassVar[str] = "hook.delivery_failed"
    NAMED_BY = ("delivery_id", "attempt")
    delivery_id: str
    attempt: Ordinal
    code: DeliveryFailure
    status: Count = 0
    again_in: float | None = None


class HookDisabled(HookFact, frozen=True, kw_only=True):
    """From now on nothing is delivered to the webhook, and its owner did not ask for that."""

    TYPE: ClassVar[str] = "hook.disabled"
    NAMED_BY = ()
    reason: DisablingReason


class HookNotified(HookFact, frozen=True, kw_only=True):
    """The mail about the disabled webhook was accepted by the mail server."""

    TYPE: ClassVar[str] = "hook.notified"
    NAMED_BY = (Given.CAUSE,)
    message_id: str


class HookNotificationFailed(HookFact, frozen=True, kw_only=True):
    """The mail about the disabled webhook will never be sent."""

    TYPE: ClassVar[str] = "hook.notification_failed"
    NAMED_BY = (Given.CAUSE,)
    reason: str
