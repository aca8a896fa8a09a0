"""From the end of a run to `job.notified`: one mail to the eye, however often the work is delivered.

In order: the view says whether the log has an answer already; the notes say whether the mail went out and
only the answer is missing; else the address is asked for, the letter sent and noted. The answer's id is
drawn from the run and from what it is about, so a second answer is the same event.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import structlog

from events.envelope import Event, consequence
from events.errors import TonearmError
from events.projections.job_view import JobView, State
from events.types import JobConverted, JobFailed, JobNotificationFailed, JobNotified
from events.work import Work
from workers.notifier.accounts import Accounts
from workers.notifier.errors import Undeliverable
from workers.notifier.mail.job_letter import compose
from workers.notifier.mail.letterhead import Letterhead
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer

log = structlog.get_logger()


class Views(Protocol):
    """Where the job views are read."""

    async def get(self, job_id: str) -> JobView | None:
        """Return the stored view, None when there is none yet."""
        ...


class Notifier:
    """Handles the work of queue `mp3`. `patience` in seconds: how long a letter waits for the filename."""

    def __init__(
        self,
        *,
        views: Views,
        accounts: Accounts,
        mailer: Mailer,
        sent: SentMails,
        head: Letterhead,
        source: str,
        patience: float = 2.0,
        on_mail: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._views = views
        self._accounts = accounts
        self._mailer = mailer
        self._sent = sent
        self._head = head
        self._source = source
        self._patience = patience
        self._on_mail = on_mail

    async def handle(self, work: Work) -> Event | None:
        """Send the mail unless it is sent or nobody wants it. Returns what the log shall be told."""
        cause, ending = work.event, work.payload
        if not isinstance(ending, JobConverted | JobFailed):
            log.warning("not_an_ending", type=cause.type, event_id=cause.id)
            return None
        view = await self._view(cause.subject)
        notified = self._notified(cause, ending)
        if view and self._settled(view, notified, cause, ending):
            log.info("mail_not_needed", job_id=cause.subject, event_id=cause.id, state=view.state)
            self._on_mail(_kind(ending), "not_needed")
            return None
        if await self._sent.has(cause.id):
            log.info("mail_already_sent", job_id=cause.subject, event_id=cause.id)
            return notified
        try:
            await self._send(cause, ending, view.filename if view else "")
        except Undeliverable as error:
            log.warning("mail_refused", job_id=cause.subject, event_id=cause.id, error=str(error))
            self._on_mail(_kind(ending), "refused")
            return self._failed(cause, ending, str(error))
        log.info("mail_sent", job_id=cause.subject, event_id=cause.id, about=ending.TYPE)
        self._on_mail(_kind(ending), "sent")
        return notified

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Say nothing: a mail that is late does not change the job."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Tell the log that the mail will not come. Foreign errors may hold an address: only their name."""
        assert isinstance(work.payload, JobConverted | JobFailed)  # noqa: S101 - `handle` lets no other pass
        last = str(error) if isinstance(error, TonearmError) else type(error).__name__
        self._on_mail(_kind(work.payload), "gave_up")
        return self._failed(work.event, work.payload, f"gave up after {work.attempt} attempts: {last}")

    async def _send(self, cause: Event, ending: JobConverted | JobFailed, filename: str) -> None:
        letter = compose(
            ending,
            head=self._head,
            to=await self._accounts.address(cause.account),
            job_id=cause.subject,
            filename=filename,
            cause_id=cause.id,
            now=datetime.now(UTC),
        )
        async with self._mailer.connected() as deliver:
            await deliver(letter)
            await self._sent.note(cause.id, about=cause.subject, message_id=letter["Message-ID"])

    async def _view(self, job_id: str) -> JobView | None:
        """Return the view, waiting a little for the filename: the projector may be behind the queue."""
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            view = await self._views.get(job_id)
            if (view and view.filename) or asyncio.get_running_loop().time() >= deadline:
                return view
            await asyncio.sleep(0.1)

    def _settled(
        self, view: JobView, notified: Event, cause: Event, ending: JobConverted | JobFailed
    ) -> bool:
        """Tell whether the log has the answer, or the owner has taken the job away meanwhile."""
        answered = view.has(notified.id) or view.has(self._failed(cause, ending, "").id)
        return answered or view.state in (State.CANCELLED, State.DELETED)

    def _notified(self, cause: Event, ending: JobConverted | JobFailed) -> Event:
        message_id = self._head.message_id(cause.id)
        return self._event(cause, JobNotified(run=ending.run, about=cause.type, message_id=message_id))

    def _failed(self, cause: Event, ending: JobConverted | JobFailed, reason: str) -> Event:
        return self._event(cause, JobNotificationFailed(run=ending.run, about=cause.type, reason=reason))

    def _event(self, cause: Event, payload: JobNotified | JobNotificationFailed) -> Event:
        return consequence(cause, payload, source=self._source)


def _kind(ending: JobConverted | JobFailed) -> str:
    return ending.TYPE.removeprefix("job.")
