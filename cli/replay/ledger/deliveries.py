"""Deliveries to webhooks as effects: what was asked for, and what receivers have accepted. Pure.

The log is all the evidence: nobody here can look up what a receiver has got.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from cli.replay.ledger.effects import Effect, Kind, Moment, Verdict
from events.envelope import Event
from events.types import HookDelivered, HookDeliveryFailed, HookRequested

Told = HookRequested | HookDelivered | HookDeliveryFailed


class Delivery(Struct, frozen=True, kw_only=True):
    """One delivery by all of its events, in whatever order. `about` is empty if nobody has asked."""

    hook_id: str
    about: str = ""
    since: datetime | None = None
    """The time at which it was asked for."""
    accepted: int = 0
    """The attempt that was accepted; 0: none."""
    failed: int = 0
    """The last attempt that failed; 0: none."""
    again: datetime | None = None
    """The time of the attempt after that; None: there is none."""

    @property
    def answer(self) -> str:
        """The type of the event by which it stands as it does."""
        if self.accepted:
            return HookDelivered.TYPE
        return HookDeliveryFailed.TYPE if self.failed else ""


def told(delivery: Delivery | None, event: Event, payload: Told) -> Delivery:
    """Return the delivery with one event more. A repeated one changes nothing."""
    known = delivery or Delivery(hook_id=event.subject)
    match payload:
        case HookRequested(about=about):
            return replace(known, about=about, since=event.time)
        case HookDelivered(attempt=attempt):
            return replace(known, accepted=attempt)
        case HookDeliveryFailed(attempt=attempt, again_in=seconds):
            if attempt <= known.failed:
                return known
            again = None if seconds is None else event.time + timedelta(seconds=seconds)
            return replace(known, failed=attempt, again=again)


def of_delivery(delivery: Delivery, moment: Moment) -> Effect:
    """Return the effect of a delivery."""
    produced = int(delivery.accepted > 0)
    return Effect(
        kind=Kind.DELIVERY,
        subject=delivery.hook_id,
        about=delivery.about,
        asked=int(delivery.since is not None),
        produced=produced,
        attempts=(delivery.accepted,) * produced,
        answer=delivery.answer,
        verdict=_verdict(delivery, moment),
    )


def _verdict(delivery: Delivery, moment: Moment) -> Verdict:
    due = delivery.again or delivery.since
    if delivery.accepted:
        return Verdict.DONE
    if delivery.failed and delivery.again is None:
        return Verdict.ANSWERED
    is_open = due is not None and moment.is_open(Kind.DELIVERY, delivery.hook_id, due)
    return Verdict.OPEN if is_open else Verdict.NEVER
