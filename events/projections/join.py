"""The merge of one more event into the view of its job, whatever came before it.

The events of one job come from several publishers, so they can be seen in any order, and more than
once. The fold comes to the same view, because every part of the view is one of four:

- the *timeline*, a set of entries by event id, where of two with one id the lower offset stays;
- a *register* (video, probe, audio, error, removals, deletion, erasures), where the higher run wins, and
  within a run the lower offset;
- a *set* (links, given transcripts, revocations), by id, where of two with one id the lower offset stays;
- the *standing* (state, run, attempt, times), a maximum over the entries of the timeline that count.

A run has one end: of converted, failed and cancelled the one with the lowest offset. The others happened, and
stay in the timeline, but decide nothing. A deletion is never taken back, and from then on the view holds
nothing that a person typed.

Sets, registers and maxima of that kind merge to the same value in any order and any number of times, so
any permutation and duplication of a job's events folds to the same view (a join semilattice). A maximum
need not look back, so an event costs the same however long the job's story is, nearly.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from msgspec.structs import replace

from events.envelope import Recorded
from events.options import untold
from events.projections.job_view import (
    ENDS,
    Audio,
    Deletion,
    Entry,
    Erasure,
    Failure,
    GivenTranscript,
    JobView,
    Link,
    Probe,
    Removal,
    Revocation,
    State,
    Video,
)
from events.types import JobConverted, JobUploaded

Register = Video | Probe | Audio | Failure | Removal | Deletion | Erasure
Member = Link | GivenTranscript | Revocation


def _later(old: Register | None, new: Register) -> Register:
    """Return the register of the higher run; within a run, that of the lower offset."""
    if old is None:
        return new
    return max(old, new, key=lambda register: (register.run, -register.offset))


def _united(old: tuple[Member, ...], new: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return the set with the members of both, in the order of the log."""
    first: dict[str, Member] = {}
    for member in sorted((*old, *new), key=lambda member: member.offset):
        first.setdefault(member.id, member)
    return tuple(first.values())


def join(view: JobView | None, recorded: Recorded, entry: Entry, **parts: Any) -> JobView:
    """Return the view with one more entry of the timeline, and with its event's parts, by their names.

    A part is a register, or a tuple of a set's new members.
    """
    event, offset = recorded.event, recorded.offset
    if view is None:
        state, run, attempt, created, updated = _begin(entry)
        begun = JobView(
            job_id=event.subject,
            account=event.account,
            state=state,
            run=run,
            attempt=attempt,
            created=created,
            updated=updated,
            seen=offset,
            timeline=(entry,),
            **parts,
        )
        return begun if begun.deletion is None else _forgetful(begun)
    timeline = view.timeline
    standing = (view.state, view.run, view.attempt, view.created, view.updated)
    known = _find(timeline, entry.id)
    if known is None:
        contested = entry.state in _ENDING and _is_contested(timeline, entry)
        timeline = _insert(timeline, entry)
        standing = _standing(timeline) if contested else _advance(standing, entry)
    elif offset < known.offset:
        # The later copy no longer counts, and a maximum cannot be taken back: look at all again.
        timeline = _insert(tuple(e for e in timeline if e is not known), entry)
        standing = _standing(timeline)
    told: dict[str, Any] = {
        name: (_united if isinstance(new, tuple) else _later)(getattr(view, name), new)
        for name, new in parts.items()
        if new
    }
    state, run, attempt, created, updated = standing
    joined = replace(
        view,
        # The first event in the log names the owner.
        account=view.account if view.timeline[0].offset < offset else event.account,
        state=state,
        run=run,
        attempt=attempt,
        created=created,
        updated=updated,
        seen=max(view.seen, offset),
        timeline=timeline,
        **told,
    )
    return joined if joined.deletion is None else _forgetful(joined)


_TYPED = (JobUploaded.TYPE, JobConverted.TYPE)
"""Types whose notes hold words that a person typed."""


def _forgetful(view: JobView) -> JobView:
    """Return the view of a deleted job: without names, tags and titles, as if read without a key."""
    video, audio = view.video, view.audio
    if video is not None:
        video = replace(video, filename="", content_type="", options=untold(video.options))
    return replace(
        view,
        state=State.DELETED,
        timeline=tuple(replace(e, note="") if e.note and e.type in _TYPED else e for e in view.timeline),
        video=video,
        probe=None,
        audio=audio and replace(audio, left_out=()),
    )


def state_at(view: JobView, offset: int) -> State | None:
    """Return the job's state when the log had come to this offset; None before its first event."""
    if view.seen <= offset:
        return view.state
    if view.deletion is not None and view.deletion.offset <= offset:
        return State.DELETED
    entries = [entry for entry in view.timeline if entry.offset <= offset]
    return _standing(entries)[0] if entries else None


def _find(timeline: tuple[Entry, ...], event_id: str) -> Entry | None:
    for entry in timeline:
        if entry.id == event_id:
            return entry
    return None


def _insert(timeline: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """Return the timeline with the entry at its place by offset: almost always the end."""
    if not timeline or timeline[-1].offset < entry.offset:
        return (*timeline, entry)
    return tuple(sorted((*timeline, entry), key=lambda e: e.offset))


_Standing = tuple[State, int, int, datetime, datetime]
"""State, run, attempt, created, updated. No class of its own: one is made for every event."""


_AUDIO = frozenset({State.CONVERTED, State.NOTIFIED})
_ENDING = ENDS | _AUDIO
"""States that depend on the other ends of their run."""


def _is_contested(timeline: tuple[Entry, ...], entry: Entry) -> bool:
    """Return True if its run ended in another way, too. A mail about the audio is no other way."""
    others = _AUDIO if entry.state in _AUDIO else ()
    return any(e.run == entry.run and e.state in _ENDING and e.state not in others for e in timeline)


def _standing(timeline: Sequence[Entry]) -> _Standing:
    first, *others = _counted(timeline)
    return reduce(_advance, others, _begin(first))


def _counted(timeline: Sequence[Entry]) -> Iterator[Entry]:
    """Yield the entries, without their states where their run had ended otherwise before."""
    ends: dict[int, Entry] = {}
    for entry in timeline:
        if entry.state in ENDS:
            ends.setdefault(entry.run, entry)
    for entry in timeline:
        end = ends.get(entry.run, entry)
        beaten = entry.state in ENDS and entry is not end
        unheard = entry.state is State.NOTIFIED and end.state in (State.FAILED, State.CANCELLED)
        yield replace(entry, state=None) if beaten or unheard else entry


def _begin(entry: Entry) -> _Standing:
    return entry.state or State.UPLOADED, entry.run or 1, entry.attempt, entry.time, entry.time


def _advance(standing: _Standing, entry: Entry) -> _Standing:
    state, run, attempt, created, updated = standing
    if _rank(entry.state, entry.run, entry.attempt) > _rank(state, run, attempt):
        state = entry.state or State.UPLOADED
    if entry.run > run:
        run, attempt = entry.run, entry.attempt
    elif entry.run == run and entry.attempt > attempt:
        attempt = entry.attempt
    if entry.time < created:
        created = entry.time
    elif entry.time > updated:
        updated = entry.time
    return state, run, attempt, created, updated


_STRENGTH: dict[State | None, int] = {
    None: 0,
    State.UPLOADED: 1,
    State.CONVERTING: 2,
    State.RETRYING: 2,
    State.FAILED: 3,
    State.CONVERTED: 3,
    State.CANCELLED: 3,
    State.NOTIFIED: 4,
    State.DELETED: 5,
}


def _rank(state: State | None, run: int, attempt: int) -> tuple[bool, int, int, int, bool]:
    """Return the weight of an entry: the highest decides the job's state.

    Deletion outweighs all; then the later run; then the end over the attempts; then the later attempt,
    where retrying comes after started. The highest attempt of a run stands for the deciding one: they
    differ only after the run's end, where the attempt decides nothing.
    """
    return state is State.DELETED, run, _STRENGTH[state], attempt, state is State.RETRYING
