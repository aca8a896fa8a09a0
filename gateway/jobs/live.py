"""The live view of jobs: what is stored, folded with the newer events in memory.

Every gateway follows the log itself, so each is as fresh as its own reader, whichever projects. The fold
takes any order and any repetition, so it does not matter that view and recent events overlap.
"""

import asyncio
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime

import structlog

from events.envelope import Recorded, decode, to_json
from events.errors import InvalidEvent, Unavailable
from events.log.bounds import bounds, cut_at, last_offset
from events.log.reader import StreamReader
from events.log.stream import RawRecord
from events.payload import Aggregate
from events.privacy.sealing import NO_KEYS, Keys
from events.projections.job_view import SETTLED, JobView
from events.projections.jobs import fold
from events.tasks import cancelled
from events.views.projector import after
from events.views.store import Checkpoint, JobViews, Readable
from gateway.jobs.history import SLICE, History, Slice
from gateway.jobs.recent import LIMIT, RecentEvents
from gateway.jobs.subscriptions import Subscriptions
from gateway.line.line import Forecast, Line
from gateway.log_follower import LogFollower

log = structlog.get_logger()

_PRUNE_EVERY = 5.0
_AT_ONCE = 1000
_ROOM_EVERY = 0.5
_BEHIND = "the views are behind"


class LiveJobs(LogFollower):
    """Answers for jobs as of this moment."""

    def __init__(
        self,
        views: JobViews,
        stream_url: str,
        *,
        keep: float = 60.0,
        limit: int = LIMIT,
        on_event: Callable[[Recorded], None] = lambda recorded: None,
        on_state: Callable[[str], None] = lambda state: None,
        keys: Keys = NO_KEYS,
        line: Line | None = None,
    ) -> None:
        """`keep` is the time in seconds that events stay in memory, `limit` their greatest number.

        `keys` open what is sealed, when it is asked for: what is forgotten meanwhile is not shown any more.

        `on_event` receives each event that is part of the answers from now on, `on_state` the reader's state.
        """
        super().__init__("tail", pause=2.0)
        self._views, self._stream_url, self._keep, self._limit = views, stream_url, keep, limit
        self._on_event, self._heard = on_event, on_state
        self.keys = keys
        self.line = Line() if line is None else line
        """All jobs that wait or are under way; it is fed here."""
        self.subscriptions = Subscriptions()
        self.recent = RecentEvents(-1, keep, limit)
        self.checkpoint = -1
        self.jobs: Mapping[str, int] | None = None
        """Jobs by state, up to the checkpoint; None where they were not counted."""
        self._target: int | None = None
        self._begun = asyncio.Event()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._probing = asyncio.Lock()
        self._probed: tuple[float, int | None] = (0.0, None)
        self._history = History(stream_url, _readable)

    @property
    def caught_up(self) -> bool:
        """True if this process has read all that the log held when it began, and still follows it."""
        return self.trouble is None

    def waiting(self) -> float:
        """Return the seconds for which the stored views have lacked an event, as far as was seen here."""
        return self.recent.waiting(self.checkpoint, time.monotonic())

    def lacking(self) -> int:
        """Return the number of held events that the stored views lack."""
        return self.recent.lacking(self.checkpoint)

    async def complete(self) -> bool:
        """Return True if stored views and recent events together hold every event. Raises Unavailable.

        Only then does a job without a view not exist: views that are being rebuilt hold fewer.
        """
        checkpoint = await (await self._views.live()).checkpoint()
        return self.caught_up and self.recent.holds((checkpoint.offset if checkpoint else -1) + 1)

    async def cut_at(self) -> datetime | None:
        """Return the time of the oldest event that retention left; None when it cut nothing."""
        return await cut_at(self._stream_url)

    async def view(self, job_id: str) -> JobView | None:
        """Return the job as it stands now. Raises Unavailable."""
        newer = await self.keys.opened(self.recent.of_job(job_id))
        return fold(newer, await self._views.get(job_id))

    def forecast(self, job_id: str) -> Forecast | None:
        """Return the place of a job in the line and its time left; None when it is over."""
        return self.line.forecast(job_id, time.time())

    async def views(self, job_ids: list[str]) -> Readable:
        """Return those of the jobs that exist, as they stand now, in this order. Raises Unavailable."""
        newer: dict[str, list[Recorded]] = {job_id: [] for job_id in job_ids}
        for each in await self.keys.opened(
            [held for job_id in job_ids for held in self.recent.of_job(job_id)]
        ):
            newer[each.event.subject].append(each)
        stored, damaged = await (await self._views.live()).readable(job_ids)
        sound = (job_id for job_id in job_ids if job_id not in damaged)
        folded = {job_id: fold(newer[job_id], stored.get(job_id)) for job_id in sound}
        return Readable({job_id: view for job_id, view in folded.items() if view is not None}, damaged)

    async def needs(self, account: str, video_id: str) -> bool:
        """Return True if any job of the account still needs this video: its own, or one that shares it.

        So does a job whose view cannot be read. Raises Unavailable.
        """
        ids = self._lately_from(account, video_id)
        ids.update(await (await self._views.live()).made_from(account, video_id))
        views, damaged = await self.views(sorted(ids))
        return bool(damaged) or any(needs_video(view, video_id) for view in views.values())

    async def not_over(self, account: str, video_id: str, since: str) -> set[str]:
        """Return the jobs of a video that wait or are under way, from its first job `since` on.

        Raises Unavailable.
        """
        ids = self._lately_from(account, video_id)
        ids.update(await (await self._views.live()).waiting(account, video_id, since))
        views = (await self.views(sorted(ids))).views
        return {view.job_id for view in views.values() if view.state not in SETTLED}

    def _lately_from(self, account: str, video_id: str) -> set[str]:
        """Return the jobs made from this video, by the events held. They are not folded: many ask."""
        name = to_json(video_id)
        return {
            job_id
            for job_id in self.recent.jobs_of(account)
            if any(name in bytes(each.event.data) for each in self.recent.of_job(job_id))
        }

    async def wait_for(self, name: str, timeout: float) -> bool:
        """Wait until an event with this id, or any event of a job with this id, is seen here."""
        if self.recent.has(name) or self.recent.of_job(name):
            return True
        seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(name, [])
        waiting.append(seen)
        try:
            async with asyncio.timeout(timeout):
                await seen
        except TimeoutError:
            return False
        finally:
            waiting.remove(seen)
            if not waiting and self._waiting.get(name) is waiting:
                del self._waiting[name]
        return True

    async def begun(self, timeout: float) -> bool:
        """Wait until the recent events have a place in the log: before, what a client missed is not known."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._begun.wait()
        return self._begun.is_set()

    async def catch_up(self, timeout: float) -> None:
        """Read all that the log holds by now. Raises Unavailable."""
        last = await self._end()
        if last is None and self.recent.position < 0:
            return  # it has never held anything
        if last is None or not await self.reached(last, timeout):
            raise Unavailable("the log was not read to its end in time")

    async def _end(self) -> int | None:
        """Return the log's last offset. Who asks together is answered by one probe that began after that."""
        asked = time.monotonic()
        async with self._probing:
            if self._probed[0] <= asked:
                began = time.monotonic()
                self._probed = began, await last_offset(self._stream_url)
            return self._probed[1]

    async def reached(self, offset: int, timeout: float) -> bool:
        """Wait until this offset was read, which another replica may have seen before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.recent.position < offset:  # noqa: ASYNC110 - rarely waited for, and not for long
                    await asyncio.sleep(0.1)
        return self.recent.position >= offset

    async def places(self, account: str, after: int, through: int) -> Sequence[int] | None:
        """Return the offsets of the account's events after one offset, up to another, in ascending order.

        None while that is not known: other views have just taken the place of these. Raises Unavailable.
        """
        # Memory first: what it lets go meanwhile is in the views then.
        held = self.recent.between(after + 1, through)
        found = array("q", (each.offset for each in held if each.event.account == account))
        stored = await self._views.live()
        async for views in stored.told_after(account, after):
            entries = (entry for view in views for entry in view.timeline)
            found.extend(entry.offset for entry in entries if after < entry.offset <= through)
            await asyncio.sleep(0)
        checkpoint = await stored.checkpoint()
        if not self.recent.holds((checkpoint.offset if checkpoint else -1) + 1):
            return None
        return sorted(set(found))

    async def history(self, account: str, places: Sequence[int]) -> Slice:
        """Return the events at the first of these offsets, which ascend, and where to go on.

        They come from memory or, one reader for each account at a time, from the log. Raises Unavailable.
        """
        if not self.recent.holds(places[0]):
            events, next_ = await self._history.slice(account, places)
        else:
            some, last = frozenset(places[:SLICE]), places[:SLICE][-1]
            held = (each for each in self.recent.between(places[0], last) if each.offset in some)
            events, next_ = [each for each in held if not self.recent.repeats(each)], last + 1
        return Slice(await self.keys.opened(events), next_)

    async def _follow(self) -> None:
        checkpoint = await self._look()
        ends = await bounds(self._stream_url)
        self._target = ends.last if ends else -1
        self.recent = RecentEvents(self.checkpoint, self._keep, self._limit)
        self.line.begin()
        if self._begun.is_set():
            # The new events begin where the views are: listeners of the old one may miss something.
            self.subscriptions.end()
        self._begun.set()
        if self.checkpoint >= self._target:
            self.trouble = None
        reader = StreamReader(self._stream_url, after(checkpoint), name="gateway", on_state=self._on_state)
        tasks = [asyncio.create_task(self._read(reader)), asyncio.create_task(self._prune())]
        restoring = asyncio.create_task(self._restore_line())
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await cancelled([*tasks, restoring])

    async def _restore_line(self) -> None:
        """Take the jobs of the stored views into the line. They may be many, so nothing waits for that."""
        while True:
            try:
                async for view in (await self._views.live()).of_late(datetime.now(UTC)):
                    # What was read before the line knew the job has told it nothing.
                    self.line.restore(fold(self.recent.of_job(view.job_id), view) or view)
            except Unavailable as error:
                log.warning("line_not_restored", error=str(error), again_in=_PRUNE_EVERY)
                await asyncio.sleep(_PRUNE_EVERY)
            else:
                return

    async def _read(self, reader: StreamReader) -> None:
        async with aclosing(reader.batches()) as batches:
            async for batch in batches:
                for at in range(0, len(batch), _AT_ONCE):
                    self._take(batch[at : at + _AT_ONCE])
                    await self._room()

    def _take(self, batch: list[RawRecord]) -> None:
        now = time.monotonic()
        for record in batch:
            recorded = _readable(record)
            if recorded is None:
                self.recent.pass_over(record.offset)
                continue
            if recorded.event.aggregate is Aggregate.IMPORT:  # of no job yet: nothing is folded of it
                self.recent.pass_over(record.offset)
                self.subscriptions.send(recorded.event.account, recorded.event.subject, recorded)
                continue
            self.recent.add(recorded, now)
            self.line.take(recorded, time.time())
            self._on_event(recorded)
            event = recorded.event
            if not self.recent.repeats(recorded):
                self.subscriptions.send(event.account, event.subject, recorded)
            for name in (event.id, event.subject):
                for seen in self._waiting.pop(name, ()):
                    if not seen.done():
                        seen.set_result(None)
        self._settle()

    def _settle(self) -> None:
        if self._target is not None and self.recent.position >= self._target:
            self.trouble = None

    async def _room(self) -> None:
        """Wait while more is in memory than may be: the broker holds back what comes, and nothing is lost."""
        if not self.recent.full:
            return
        await self._let_go()
        while self.recent.full:
            if self.trouble != _BEHIND:
                self.trouble = _BEHIND
                log.warning("tail_full", events=len(self.recent), checkpoint=self.checkpoint)
            await asyncio.sleep(_ROOM_EVERY)
            await self._let_go()
        self._settle()

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(_PRUNE_EVERY)
            await self._let_go()

    async def _look(self) -> Checkpoint | None:
        checkpoint = await (await self._views.live()).checkpoint()
        self.checkpoint, self.jobs = (checkpoint.offset, checkpoint.jobs) if checkpoint else (-1, {})
        return checkpoint

    async def _let_go(self) -> None:
        with suppress(Unavailable):
            await self._look()
            self.recent.prune(self.checkpoint, time.monotonic())

    def _on_state(self, state: str) -> None:
        self._heard(state)
        if state == "connected":
            log.info("tail_connected", after=self.recent.position)
            self._settle()
        else:
            self.trouble = f"the log: {state}"
            log.warning("tail_disconnected", reason=state)


def needs_video(view: JobView, video_id: str) -> bool:
    """Return True if the job still needs this video. Before `job.uploaded` is seen, it may.

    So does a run that began as the video was removed: it has its video up to its end.
    """
    if view.deletion is not None or (view.video_removal is not None and view.state in SETTLED):
        return False
    return view.video is None or view.video.video_id == video_id


def _readable(record: RawRecord) -> Recorded | None:
    """Decode an event of a job or an import; None for other events, and for what is no event at all."""
    try:
        event = decode(record.body)
        if event.aggregate not in (Aggregate.JOB, Aggregate.IMPORT):
            return None
        event.payload()
    except InvalidEvent as error:
        log.error("event_invalid", offset=record.offset, error=error.reason)
        return None
    return Recorded(record.offset, event)
