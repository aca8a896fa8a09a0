"""From the end of a run to `job.notified`: one mail to the eye, however often the work is delivered.

In order: the view shows if the run has ended so, and if the log has an answer already. The notes show if the
mail went out and only the answer is missing. Else auth is asked for the address, and whether such a mail is
wanted: then the letter is sent and noted, else `job.notification_declined` records that none comes. The
answer's id depends on the run and on the event that it is about, so a second answer is the same event.
"""

import asyncio
from datetime import UTC, datetime

import structlog

from events.envelope import Event, consequence
from events.ids import event_id
from events.log.topology import DELAYS
from events.projections.job_view import JobView, State
from events.types import JobConverted, JobFailed, JobNotificationDeclined, JobNotificationFailed, JobNotified
from events.work.task import Work
from service.handover_keys import NoHandoverSecrets
from service.mail_preference import MailPreference
from workers.errors import publishable
from workers.notifier import SERVICE
from workers.notifier.accounts import Addressee
from workers.notifier.errors import Undeliverable, ViewBehind
from workers.notifier.mail.job_letter import compose
from workers.notifier.mail.mail_room import MailRoom
from workers.notifier.mail.mailed_links import MailedLinks, Way
from workers.views import Views

_ANSWERS = JobNotified.TYPE, JobNotificationFailed.TYPE, JobNotificationDeclined.TYPE

log = structlog.get_logger()


LAST = len(DELAYS) + 1
"""The attempt at which a mail goes out although the view is still behind: minutes later, that is trouble."""


class JobMailHandler:
    """Handles the work of queue `mp3`. A view gets `patience` seconds to have the end that it is about."""

    def __init__(self, room: MailRoom, views: Views, links: MailedLinks, *, patience: float = 5.0) -> None:
        self._room, self._views, self._links, self._patience = room, views, links, patience

    async def handle(self, work: Work) -> Event | None:
        """Send the mail unless it is sent or not needed any more. Returns the result's event."""
        cause, ending = work.event, work.payload
        if not isinstance(ending, JobConverted | JobFailed):
            log.warning("not_an_ending", type=cause.type, event_id=cause.id)
            return None
        view = await self._view(work)
        if view and self._settled(view, work, ending):
            log.info("mail_not_needed", job_id=cause.subject, event_id=cause.id, state=view.state)
            self._room.on_mail(_kind(ending), "not_needed")
            return None
        attempt = await self._room.sent.attempt_of(cause.id)
        if attempt is not None:
            log.info("mail_already_sent", job_id=cause.subject, event_id=cause.id)
            return self._notified(cause, ending, attempt)
        try:
            to = await self._room.accounts.addressee(cause.account)
            if not _wants(to.mails, ending):
                log.info("mail_declined", job_id=cause.subject, event_id=cause.id, about=ending.TYPE)
                self._room.on_mail(_kind(ending), "declined")
                return self._declined(cause, ending)
            await self._send(work, ending, to, view.filename if view else "")
        except Undeliverable as error:
            log.warning("mail_refused", job_id=cause.subject, event_id=cause.id, error=str(error))
            self._room.on_mail(_kind(ending), "refused")
            return self._failed(work, ending, error.told)
        log.info("mail_sent", job_id=cause.subject, event_id=cause.id, about=ending.TYPE)
        self._room.on_mail(_kind(ending), "sent")
        return self._notified(cause, ending, work.attempt)

    def retrying(self, work: Work, error: Exception, delay: float) -> Event | None:
        """Return no event: a mail that is late does not change the job."""
        return None

    def gave_up(self, work: Work, error: Exception) -> Event:
        """Return the event that ends it: the mail will not come."""
        assert isinstance(work.payload, JobConverted | JobFailed)  # noqa: S101 - `handle` lets no other pass
        self._room.on_mail(_kind(work.payload), "gave_up")
        return self._failed(
            work, work.payload, f"We gave up after {work.attempt} attempts. {publishable(error)}"
        )

    async def _send(self, work: Work, ending: JobConverted | JobFailed, to: Addressee, filename: str) -> None:
        cause = work.event
        letter = compose(
            ending,
            head=self._room.head,
            to=to,
            way=await self._way(cause, ending, to),
            filename=filename,
            cause_id=cause.id,
            now=datetime.now(UTC),
        )
        async with (
            self._room.mailer.connected() as deliver,
            self._room.sent.one_try(
                cause.id, about=cause.subject, message_id=letter["Message-ID"], attempt=work.attempt
            ),
        ):
            await deliver(letter)

    async def _way(self, cause: Event, ending: JobConverted | JobFailed, to: Addressee) -> Way:
        """Return the way to the audio: for anybody where that is wanted, and can be had."""
        if to.links and isinstance(ending, JobConverted):
            try:
                return await self._links.way(cause)
            except NoHandoverSecrets:
                log.warning("mail_without_link", job_id=cause.subject, reason="HANDOVER_SECRETS is not set")
        return Way(self._room.head.link(cause.subject))

    async def _view(self, work: Work) -> JobView | None:
        """Return the view once it has the end: before, nobody knows if the run had ended otherwise.

        Raises ViewBehind while there is another attempt, and Unavailable.
        """
        deadline = asyncio.get_running_loop().time() + self._patience
        while True:
            view = await self._views.get(work.event.subject)
            if view and view.has(work.event.id):
                return view
            if asyncio.get_running_loop().time() >= deadline:
                break
            await asyncio.sleep(0.1)
        if work.attempt < LAST:
            raise ViewBehind("the view of the job does not have the end that the mail is about")
        return view

    def _settled(self, view: JobView, work: Work, ending: JobConverted | JobFailed) -> bool:
        """Return True if the log has the answer, or the run had ended otherwise, or the job is called off.

        That it was given up once is no answer where an administrator asks for it again.
        """
        cause = work.event
        answers = [type_ for type_ in _ANSWERS if not (work.again and type_ == JobNotificationFailed.TYPE)]
        answered = any(view.has(event_id(cause.subject, type_, ending.run, cause.type)) for type_ in answers)
        end = view.end_of(ending.run)
        otherwise = end is not None and end.id != cause.id
        return answered or otherwise or view.state in (State.CANCELLED, State.DELETED)

    def _notified(self, cause: Event, ending: JobConverted | JobFailed, attempt: int) -> Event:
        message_id = self._room.head.message_id(cause.id)
        return self._event(
            cause, JobNotified(run=ending.run, about=cause.type, message_id=message_id, attempt=attempt)
        )

    def _failed(self, work: Work, ending: JobConverted | JobFailed, reason: str) -> Event:
        return self._event(
            work.event,
            JobNotificationFailed(run=ending.run, about=work.event.type, reason=reason, attempt=work.attempt),
        )

    def _declined(self, cause: Event, ending: JobConverted | JobFailed) -> Event:
        return self._event(cause, JobNotificationDeclined(run=ending.run, about=cause.type))

    def _event(
        self, cause: Event, payload: JobNotified | JobNotificationFailed | JobNotificationDeclined
    ) -> Event:
        return consequence(cause, payload, source=SERVICE)


def _wants(mails: MailPreference, ending: JobConverted | JobFailed) -> bool:
    match mails:
        case MailPreference.ALL:
            return True
        case MailPreference.FAILURES:
            return isinstance(ending, JobFailed)
        case MailPreference.NONE:
            return False


def _kind(ending: JobConverted | JobFailed) -> str:
    return ending.TYPE.removeprefix("job.")
