import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from broker import Broker
from msgspec.structs import replace
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.envelope import Event, Recorded, job_event
from events.errors import Unavailable
from events.ids import new_id
from events.log import amqp, topology
from events.log.publisher import Publisher
from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.types import (
    DeletionReason,
    FailureCode,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobFailed,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobPayload,
    JobRequeued,
    JobUploaded,
)
from events.work import parked
from events.work.parked import Remedy, remedy
from events.work.task import Pace, Work
from events.work.worker import Worker
from service import link_tokens
from service.handover_keys import handover_keys
from tests.workers.notifier.servers import TOKEN, Auth, Catcher, auth_serving
from workers.notifier.accounts import AuthAccounts
from workers.notifier.errors import MailDelayed, ViewBehind
from workers.notifier.mail.job_handler import LAST, JobMailHandler
from workers.notifier.mail.letterhead import letterhead
from workers.notifier.mail.mail_room import MailRoom
from workers.notifier.mail.mailed_links import MailedLinks
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer
from workers.notifier.mail.smtp_url import parse_smtp_url

UPLOADED = JobUploaded(filename="holiday.mp4", content_type="video/mp4", bytes=1, sha256="0", video_id="v")
CONVERTED = JobConverted(
    run=1,
    attempt=1,
    audio_id="a",
    bytes=1000,
    sha256="0",
    duration_seconds=1.0,
    bit_rate=1,
    sample_rate=1,
    channels=1,
    seconds_spent=1.0,
    engine="",
)
FAILED = JobFailed(run=1, attempt=1, code=FailureCode.NO_AUDIO, message="The video has no audio track.")
DELETED = JobDeleted(reason=DeletionReason.USER)

SECRETS = f"test:{'handover' * 4}"

ADDRESSES = {
    "ada": "ada@example.net",
    "late": "tempfail-1@example.net",
    "never": "permfail@example.net",
    "gone": "vanish@example.net",
    "odd": "no address",
}


class FoldedViews:
    """The views of the events it was told of."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []

    def tell(self, event: Event) -> None:
        self.events.append(Recorded(len(self.events) + 1, event))

    async def get(self, job_id: str) -> JobView | None:
        return fold(recorded for recorded in self.events if recorded.event.subject == job_id)


class Heard:
    """Keeps what is told to the log, and lets the views know."""

    def __init__(self, views: FoldedViews) -> None:
        self.events: list[Event] = []
        self._views = views

    async def publish(self, event: Event) -> None:
        self.events.append(event)
        self._views.tell(event)


def links(views: FoldedViews, secrets: str = SECRETS) -> MailedLinks:
    return MailedLinks(Heard(views), handover_keys(secrets), "http://tonearm.example.org", 86_400.0)


class Desk:
    """A notifier with real servers around it, and a job to tell of."""

    def __init__(self, auth: Auth, catcher: Catcher, notifier: JobMailHandler, views: FoldedViews) -> None:
        self.auth, self.catcher, self.notifier, self.views = auth, catcher, notifier, views
        self.job_id = new_id()

    def event(self, payload: JobPayload, account: str = "ada") -> Event:
        return job_event(payload, job_id=self.job_id, account=account, source="test")

    def uploaded(self, account: str = "ada") -> None:
        self.views.tell(self.event(UPLOADED, account))

    def work(self, payload: JobConverted | JobFailed, account: str = "ada", attempt: int = 1) -> Work:
        """Return the work of an end that the view has."""
        work = self.early_work(payload, account, attempt)
        self.views.tell(work.event)
        return work

    def early_work(self, payload: JobConverted | JobFailed, account: str = "ada", attempt: int = 1) -> Work:
        """Return the work of an end that the view has not yet."""
        return Work(self.event(payload, account), payload, attempt)

    @property
    def mails(self) -> list[EmailMessage]:
        read = [message_from_bytes(kept, policy=default) for kept in self.catcher.kept]
        return [mail for mail in read if isinstance(mail, EmailMessage)]


@pytest.fixture
async def desk(
    database: AsyncDatabase[dict[str, Any]], plain: Controller, catcher: Catcher
) -> AsyncIterator[Desk]:
    views = FoldedViews()
    with auth_serving(ADDRESSES) as auth:
        async with httpx.AsyncClient(trust_env=False) as http:
            notifier = JobMailHandler(
                MailRoom(
                    accounts=AuthAccounts(http, auth.url, TOKEN),
                    mailer=Mailer(parse_smtp_url(f"smtp://127.0.0.1:{plain.port}")),
                    sent=SentMails(database),
                    head=letterhead("tonearm@example.org", "http://tonearm.example.org"),
                ),
                views,
                links(views),
                patience=0.3,
            )
            yield Desk(auth, catcher, notifier, views)


async def test_a_conversion_is_told_by_mail_and_in_the_log(desk: Desk) -> None:
    desk.uploaded()
    work = desk.work(CONVERTED)
    event = await desk.notifier.handle(work)
    [mail] = desk.mails
    assert mail["To"] == "ada@example.net"
    assert mail["Subject"] == "Your audio is ready: holiday.mp4"
    assert event is not None
    assert event.payload() == JobNotified(
        run=1, about="job.converted", message_id=mail["Message-ID"], attempt=1
    )
    assert mail["Message-ID"] == f"<{work.event.id}@tonearm.example.org>"
    assert (event.subject, event.account, event.causationid) == (desk.job_id, "ada", work.event.id)


async def test_a_failure_is_told_with_its_sentence(desk: Desk) -> None:
    desk.uploaded()
    event = await desk.notifier.handle(desk.work(FAILED))
    [mail] = desk.mails
    assert "The video has no audio track." in str(mail)
    assert event is not None
    assert event.type == "job.notified"


@pytest.mark.parametrize(
    ("mails", "told"), [("all", {CONVERTED, FAILED}), ("failures", {FAILED}), ("none", set())]
)
async def test_a_mail_goes_out_only_where_its_owner_wants_it(
    desk: Desk, mails: str, told: set[JobConverted | JobFailed]
) -> None:
    desk.uploaded()
    desk.auth.preferences["ada"] = mails
    for run, ending in enumerate((CONVERTED, FAILED), 1):
        work = desk.work(replace(ending, run=run))
        event = await desk.notifier.handle(work)
        assert event is not None
        declined = JobNotificationDeclined(run=run, about=ending.TYPE)
        assert (event.payload() == declined) is (ending not in told)
        desk.views.tell(event)
        desk.auth.preferences["ada"] = "all"
        assert await desk.notifier.handle(work) is None, "the log has its answer"
        desk.auth.preferences["ada"] = mails
    assert len(desk.mails) == len(told)


async def test_a_mail_shows_people_and_their_programs_the_way_out(desk: Desk) -> None:
    desk.uploaded()
    desk.auth.preferences["ada"] = "all"
    await desk.notifier.handle(desk.work(CONVERTED))
    [mail] = desk.mails
    assert mail["List-Unsubscribe"] == "<http://tonearm.example.org/unsubscribe?token=tonearmu_ada>"
    assert mail["List-Unsubscribe-Post"] is None, "RFC 8058 asks for https"


async def test_work_that_comes_again_after_a_crash_sends_no_second_mail(desk: Desk) -> None:
    """The first answer never reached the log: the view does not know it, only the note does."""
    desk.uploaded()
    first = await desk.notifier.handle(desk.work(CONVERTED))
    second = await desk.notifier.handle(desk.work(CONVERTED))
    assert len(desk.mails) == 1
    assert first is not None
    assert second is not None
    assert first.id == second.id


async def test_work_whose_answer_is_in_the_log_is_nothing_to_do(
    desk: Desk, database: AsyncDatabase[dict[str, Any]]
) -> None:
    desk.uploaded()
    answer = await desk.notifier.handle(desk.work(CONVERTED))
    assert answer is not None
    desk.views.tell(answer)
    await database["mails"].delete_many({})
    assert await desk.notifier.handle(desk.work(CONVERTED)) is None
    assert len(desk.mails) == 1


async def test_a_job_that_is_gone_gets_no_mail(desk: Desk) -> None:
    desk.uploaded()
    desk.views.tell(desk.event(DELETED))
    assert await desk.notifier.handle(desk.work(CONVERTED)) is None
    assert desk.mails == []


@pytest.mark.parametrize("ending", [CONVERTED, FAILED], ids=lambda ending: ending.TYPE)
async def test_a_run_that_was_cancelled_before_its_end_gets_no_mail(
    desk: Desk, ending: JobConverted | JobFailed
) -> None:
    """Also when the next run has begun meanwhile, and nothing else tells of the cancellation."""
    desk.uploaded()
    desk.views.tell(desk.event(JobCancelled(run=1)))
    facts = {name: getattr(UPLOADED, name) for name in ("filename", "content_type", "bytes", "sha256")}
    desk.views.tell(desk.event(JobRequeued(run=2, video_id="v", **facts)))
    assert await desk.notifier.handle(desk.work(ending)) is None
    assert desk.mails == []


async def test_a_cancellation_that_came_too_late_does_not_hold_the_mail_back(desk: Desk) -> None:
    desk.uploaded()
    work = desk.work(CONVERTED)
    desk.views.tell(desk.event(JobCancelled(run=1)))
    assert await desk.notifier.handle(work) is not None
    assert len(desk.mails) == 1


async def test_a_mail_waits_for_a_view_that_is_behind_as_long_as_there_are_attempts(desk: Desk) -> None:
    desk.uploaded()
    for attempt in range(1, LAST):
        with pytest.raises(ViewBehind):
            await desk.notifier.handle(desk.early_work(CONVERTED, attempt=attempt))
    assert desk.mails == []
    assert await desk.notifier.handle(desk.early_work(CONVERTED, attempt=LAST)) is not None
    assert len(desk.mails) == 1


async def test_a_temporary_refusal_raises_and_the_next_attempt_sends_one_mail(desk: Desk) -> None:
    desk.uploaded("late")
    work = desk.work(CONVERTED, "late")
    with pytest.raises(MailDelayed) as caught:
        await desk.notifier.handle(work)
    assert desk.notifier.retrying(work, caught.value, 5) is None
    desk.catcher.lenient = True
    assert await desk.notifier.handle(desk.work(CONVERTED, "late", attempt=2)) is not None
    assert len(desk.mails) == 1


@pytest.mark.parametrize(("account", "outcome", "mails"), [("late", "refused", 1), ("gone", "unknown", 2)])
async def test_each_try_is_noted_also_one_that_may_have_sent_the_mail(
    desk: Desk, database: AsyncDatabase[dict[str, Any]], account: str, outcome: str, mails: int
) -> None:
    desk.uploaded(account)
    work = desk.work(CONVERTED, account)
    with pytest.raises(MailDelayed):
        await desk.notifier.handle(work)
    [note] = await database["mails"].find().to_list()
    assert "state" not in note
    desk.catcher.lenient = True
    await desk.notifier.handle(desk.work(CONVERTED, account, attempt=2))
    [note] = await database["mails"].find().to_list()
    tries = [(each["attempt"], each["outcome"]) for each in note["tries"].values()]
    assert sorted(tries) == [(1, outcome), (2, "sent")]
    assert (note["_id"], note["about"], note["state"]) == (work.event.id, desk.job_id, "sent")
    assert len(desk.mails) == mails
    event = await desk.notifier.handle(desk.work(CONVERTED, account, attempt=3))
    assert event is not None
    payload = event.payload()
    assert isinstance(payload, JobNotified)
    assert payload.attempt == 2, "the attempt that sent it, not the one that found it sent"


async def test_a_mail_whose_end_nobody_could_note_is_seen_to_have_begun(
    desk: Desk, database: AsyncDatabase[dict[str, Any]]
) -> None:
    async def killed() -> None:
        async with SentMails(database).one_try("cause", about=desk.job_id, message_id="<m@x>", attempt=1):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await killed()
    [note] = await database["mails"].find().to_list()
    [attempt] = note["tries"].values()
    assert attempt.keys() == {"attempt", "began"}
    assert await SentMails(database).attempt_of("cause") is None


@pytest.mark.parametrize(
    ("account", "reason"), [("never", "550"), ("nobody", "does not exist"), ("odd", "cannot be written")]
)
async def test_what_never_works_is_an_event_without_the_address(
    desk: Desk, account: str, reason: str
) -> None:
    desk.uploaded(account)
    event = await desk.notifier.handle(desk.work(CONVERTED, account))
    assert event is not None
    payload = event.payload()
    assert isinstance(payload, JobNotificationFailed)
    assert reason in payload.reason
    assert b"example.net" not in bytes(event.data)
    desk.views.tell(event)
    assert await desk.notifier.handle(desk.work(CONVERTED, account)) is None


async def test_a_mail_that_was_given_up_is_sent_when_an_administrator_asks_again(desk: Desk) -> None:
    desk.uploaded()
    work = desk.work(CONVERTED)
    desk.views.tell(work.event)
    desk.views.tell(desk.notifier.gave_up(work, MailDelayed("away")))
    assert await desk.notifier.handle(work) is None
    event = await desk.notifier.handle(replace(work, again=True))
    assert event is not None
    assert event.type == "job.notified"
    desk.views.tell(event)
    assert await desk.notifier.handle(replace(work, again=True)) is None
    assert len(desk.mails) == 1


async def test_giving_up_is_an_event_that_repeats_no_foreign_text(desk: Desk) -> None:
    work = desk.work(CONVERTED, attempt=5)
    event = desk.notifier.gave_up(work, OSError("ada@example.net"))
    reason = "We gave up after 5 attempts. Something went wrong on our side."
    assert event.payload() == JobNotificationFailed(run=1, about="job.converted", reason=reason, attempt=5)
    delayed = str(desk.notifier.gave_up(work, MailDelayed("mx1.internal said 451")).payload())
    assert "The mail server did not take the mail." in delayed
    assert "mx1" not in delayed


async def test_who_has_chosen_so_gets_a_link_that_needs_no_sign_in(desk: Desk) -> None:
    """However often the mail is tried, it is one link at one address, and the log knew it before the mail."""
    desk.auth.preferences["late"] = "all"
    desk.auth.linked.add("late")
    desk.uploaded("late")
    work = desk.work(CONVERTED, "late")
    with pytest.raises(MailDelayed):
        await desk.notifier.handle(work)
    desk.catcher.lenient = True
    await desk.notifier.handle(replace(work, attempt=2))
    [mail] = desk.mails
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(r"Get it here: http://tonearm.example.org/l/(\S+)", text)
    assert found
    token = link_tokens.read(handover_keys(SECRETS), found[1])
    view = await desk.views.get(desk.job_id)
    assert view is not None
    [link] = view.links
    assert (link.id, link.expires, link.mailed) == (token.link_id, token.expires, True)
    assert token.job_id == desk.job_id
    assert "needs no sign-in, and is good until" in text
    assert found[1] not in str([recorded.event for recorded in desk.views.events])


async def test_without_that_choice_and_without_secrets_one_signs_in(desk: Desk) -> None:
    desk.uploaded()
    await desk.notifier.handle(desk.work(CONVERTED))
    desk.auth.preferences["ada"] = "all"
    desk.auth.linked.add("ada")
    desk.notifier._links = links(desk.views, "")
    desk.job_id = new_id()
    desk.uploaded()
    await desk.notifier.handle(desk.work(CONVERTED))
    assert len(desk.mails) == 2
    for mail in desk.mails:
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "/audio" in text
        assert "/l/" not in text


async def test_a_video_whose_name_is_not_known_in_time_is_told_of_all_the_same(desk: Desk) -> None:
    await desk.notifier.handle(desk.work(CONVERTED))
    assert desk.mails[0]["Subject"] == "Your audio is ready: your video"


async def test_nothing_is_sent_while_the_notes_cannot_be_read(plain: Controller, catcher: Catcher) -> None:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        "mongodb://127.0.0.1:1/tonearm", serverSelectionTimeoutMS=100
    )
    async with client, httpx.AsyncClient(trust_env=False) as http:
        views = FoldedViews()
        notifier = JobMailHandler(
            MailRoom(
                accounts=AuthAccounts(http, "http://127.0.0.1:1", TOKEN),
                mailer=Mailer(parse_smtp_url(f"smtp://127.0.0.1:{plain.port}")),
                sent=SentMails(client.get_default_database()),
                head=letterhead("tonearm@example.org", "http://tonearm.example.org"),
            ),
            views,
            links(views),
            patience=0,
        )
        desk = Desk(None, catcher, notifier, views)  # type: ignore[arg-type]
        with pytest.raises(Unavailable):
            await notifier.handle(desk.work(CONVERTED))
    assert catcher.kept == []


class Told:
    """Publishes, and lets the views know at once."""

    def __init__(self, publisher: Publisher, desk: Desk) -> None:
        self._publisher, self._desk = publisher, desk
        self.events: list[Event] = []

    async def publish(self, event: Event) -> None:
        await self._publisher.publish(event)
        self._desk.views.tell(event)
        self.events.append(event)


@asynccontextmanager
async def notifying(broker: Broker, desk: Desk, *delays: float) -> AsyncIterator[Told]:
    stop = asyncio.Event()
    async with Publisher(broker.url, name="test") as publisher:
        told = Told(publisher, desk)
        pace = Pace(delays=delays)
        worker = Worker(broker.url, (topology.MP3,), desk.notifier, told, pace=pace)
        running = asyncio.create_task(worker.run(stop))
        yield told
        stop.set()
        await running


@pytest.mark.servers
async def test_parked_mails_go_out_by_their_queue_when_they_are_asked_for_again(
    broker: Broker, desk: Desk, database: AsyncDatabase[dict[str, Any]]
) -> None:
    await topology.declare(broker.url)
    desk.uploaded("late")
    work = desk.work(CONVERTED, "late")
    async with notifying(broker, desk) as told:
        async with Publisher(broker.url, name="test") as publisher:
            await publisher.publish(work.event)
        await wait_for(lambda: given_up(broker, told))
        assert isinstance(told.events[-1].payload(), JobNotificationFailed)

    async with amqp.connected(broker.url, name="test") as connection:
        confirmed = await connection.channel(confirms=True)
        async with parked.held(connection, topology.MP3, 5) as held:
            [message] = held.works
            assert "the mail was not accepted yet" in message.reason
            assert remedy(message, await desk.views.get(desk.job_id)) is Remedy.HAND_OUT
            await parked.hand_out(confirmed, message)
            held.drop(message)

    desk.catcher.relents = True
    async with notifying(broker, desk, 0.2) as told:  # its first attempt fails once more
        await wait_for(lambda: bool(told.events))
    payload = told.events[-1].payload()
    assert isinstance(payload, JobNotified)
    assert payload.attempt > 1
    [note] = await database["mails"].find().to_list()
    assert sorted(each["outcome"] for each in note["tries"].values()) == ["refused", "refused", "sent"]
    assert len(desk.mails) == 1
    assert await broker.depth(topology.parked(topology.MP3)) == 0


async def given_up(broker: Broker, told: Told) -> bool:
    return bool(told.events) and await broker.depth(topology.parked(topology.MP3)) == 1
