"""Links to jobs: made, taken back, followed. A link stands in its job's events, and its address nowhere."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from msgspec import Struct

from events.envelope import job_event
from events.errors import Unavailable
from events.ids import event_id
from events.log.publisher import Publisher
from events.projections.job_view import JobView, Link
from events.types import JobLinked, JobPayload, JobUnlinked
from gateway.errors import JobGone, LinkEnded, NoSuchJob, NoSuchLink, TooManyLinks
from gateway.http import trace_context
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from service import link_tokens
from service.handover_keys import HandoverKeys, NotSigned
from service.link_tokens import Token

MOST_ALIVE, MOST_EVER = 50, 500
"""Links of one job: its view holds all of them."""
LONGEST = 7 * 86_400.0
"""Seconds that a link is good, where no setting says otherwise."""
_SEEN_WITHIN = 2.0


class Wish(NamedTuple):
    """A link that somebody wants: for so many seconds, to all of the audio or to a part in seconds of it."""

    seconds: float
    start: float | None = None
    end: float | None = None


class Addresses(Struct, frozen=True):
    """The addresses of links: the gateways' own URL, and the keys that sign them."""

    url: str
    keys: HandoverKeys

    def of(self, link: Link) -> str:
        """Return a link's address. Raises NoHandoverSecrets."""
        return f"{self.url}/l/{link_tokens.written(self.keys, Token(link.id, link.expires))}"

    def demand(self) -> None:
        """Raise NoHandoverSecrets where no link can have an address."""
        self.keys.sign("", b"")

    def read(self, text: str) -> Token:
        """Return what an address's token leads to. Raises NotSigned."""
        return link_tokens.read(self.keys, text)


class Links:
    """Links to jobs. `longest` is for how many seconds a link may be good."""

    def __init__(
        self, live: LiveJobs, own_jobs: OwnJobs, publisher: Publisher, addresses: Addresses, longest: float
    ) -> None:
        self._live, self._own_jobs, self._publisher = live, own_jobs, publisher
        self.addresses = addresses
        self.longest = longest

    async def make(self, view: JobView, wish: Wish) -> Link:
        """Make a link to a job. Raises TooManyLinks, NoHandoverSecrets, NotConfirmed, Unavailable."""
        now = datetime.now(UTC).replace(microsecond=0)
        if len(list(alive(view, now))) >= MOST_ALIVE or len(view.links) >= MOST_EVER:
            raise TooManyLinks(f"a job has at most {MOST_ALIVE} links at a time, and {MOST_EVER} in all")
        told = JobLinked(
            link_id=link_tokens.new_link_id(view.job_id),
            expires=now + timedelta(seconds=wish.seconds),
            start=wish.start,
            end=wish.end,
        )
        self.addresses.demand()
        made = await self._tell(view, told)
        return Link(
            id=told.link_id, offset=0, made=made, expires=told.expires, start=told.start, end=told.end
        )

    async def end(self, account: str, link_id: str) -> None:
        """Take a link back. Raises NoSuchLink, JobGone, NotConfirmed, Unavailable."""
        job_id = link_tokens.job_of(link_id) or ""
        try:
            view = await self._with_link(link_id, partial(self._own_jobs.get, account, job_id))
        except NoSuchJob:
            raise NoSuchLink("there is no link with this id") from None
        if all(each.id != link_id for each in view.links):
            raise NoSuchLink("there is no link with this id")
        if any(each.id == link_id for each in view.standing_links):
            await self._tell(view, JobUnlinked(link_id=link_id))

    async def followed(self, text: str) -> tuple[JobView, Link]:
        """Return the job and the link that a token leads to. Raises NoSuchLink, LinkEnded, Unavailable."""
        try:
            token = self.addresses.read(text)
        except NotSigned:
            raise NoSuchLink("this address is not one of ours: it may have been cut off") from None
        if token.expires <= datetime.now(UTC):
            raise LinkEnded(f"this link was good until {token.expires:%-d %B %Y, %H:%M} UTC")
        try:
            view = await self._with_link(token.link_id, partial(self._own_jobs.of_anybody, token.job_id))
        except NoSuchJob:
            raise LinkEnded("what this link led to is not here any more") from None
        except JobGone:
            raise LinkEnded("what this link led to was deleted") from None
        found = next((each for each in view.links if each.id == token.link_id), None)
        if found is None:
            raise Unavailable("the log was not read far enough to know this link; try again")
        if found not in view.standing_links:
            raise LinkEnded("who shared this has taken the link back")
        return view, found

    async def _with_link(self, link_id: str, look: Callable[[], Awaitable[JobView]]) -> JobView:
        """Return the job. Another gateway may have made the link in this moment: it is waited for."""
        view = await look()
        if any(each.id == link_id for each in view.links):
            return view
        await self._live.wait_for(event_id(view.job_id, JobLinked.TYPE, link_id), _SEEN_WITHIN)
        return await look()

    async def _tell(self, view: JobView, payload: JobPayload) -> datetime:
        """Tell the log, and return when."""
        event = job_event(
            payload,
            job_id=view.job_id,
            account=view.account,
            source="gateway",
            traceparent=trace_context.current(),
        )
        await self._publisher.publish(event)
        await self._live.wait_for(event.id, _SEEN_WITHIN)
        return event.time


def alive(view: JobView, now: datetime) -> Iterator[Link]:
    """Yield a job's links that lead to it now, in the order in which they were made."""
    return (
        each
        for each in sorted(view.standing_links, key=lambda link: (link.made, link.id))
        if each.expires > now
    )
