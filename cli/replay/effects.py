"""`effects`: the ledger of effects. What the log has asked for, held against what was really produced.

Files too many are left for the gateway's sweep, and no fault until they are as old as it lets them be.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec
from msgspec import Struct

from cli.errors import NothingFound
from cli.exits import Exit
from cli.jobs.choice.argument import JOB
from cli.log.ids import job_meant
from cli.log.log import Log
from cli.replay.ledger.effects import BROKEN, Effect, Kind, Moment, Verdict
from cli.replay.ledger.ledger import Ledger
from cli.replay.options.named import limited
from cli.replay.subcommand import subcommand
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.system.workers import alive
from cli.tree.printer import Printer, printing
from cli.tree.types import AT_MOST
from events.log import amqp, topology
from events.log.bounds import cut_at
from events.log.depths import queues
from service.blobs import SWEEP_GRACE, SWEEP_INTERVAL

GRACE = 300
_LONGEST = 10**12
"""Seconds; all that there is is younger."""
SWEEP = round(SWEEP_GRACE + SWEEP_INTERVAL)
_WORK = {
    topology.VIDEO: Kind.AUDIO,
    topology.MP3: Kind.MAIL,
    topology.LETTERS: Kind.LETTER,
    topology.HOOKS: Kind.DELIVERY,
}
_LOUD = [verdict for verdict in Verdict if verdict in BROKEN]


class Patience(Struct, frozen=True):
    """The ages up to which a thing may still change: one asked for or stored, a file that a sweep removes."""

    grace: timedelta
    sweep: timedelta


def patient(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare the ages, in seconds, and give the function `patience`."""

    @click.option(
        "--grace",
        type=AT_MOST,
        default=GRACE,
        show_default=True,
        metavar="SECONDS",
        help="what was asked for or stored so lately may still change",
    )
    @click.option(
        "--sweep-grace",
        type=AT_MOST,
        default=SWEEP,
        show_default=True,
        metavar="SECONDS",
        help="a file too many is left for the gateway's sweep until it is so old",
    )
    @functools.wraps(function)
    def given(*first: Any, grace: int, sweep_grace: int, **options: Any) -> Any:
        patience = Patience(*(timedelta(seconds=min(age, _LONGEST)) for age in (grace, sweep_grace)))
        return function(*first, patience=patience, **options)

    return given


class Sums(Struct, frozen=True):
    """The last line of `--json`: by kind of effect, how many have each verdict."""

    sums: dict[str, dict[str, int]]


@subcommand(
    examples=[
        "tonearm replay effects",
        "tonearm replay effects --job 01a2",
        "tonearm replay effects --json | jq 'select(.verdict == \"twice\")'",
    ],
    exits={
        Exit.DIFFERENT: "something was produced twice, never, or unasked",
        Exit.NOTHING: "the log is empty, or says nothing of the job",
    },
    output=Effect | Sums,
)
@click.option("--job", type=JOB, help="this job only, with all its effects")
@patient
@limited("that are wrong")
@printing
async def effects(servers: Servers, job: str | None, patience: Patience, limit: int, out: Printer) -> Exit:
    """Count what the log has asked for, and hold it against what was really produced: the ledger of effects.

    Of each job: its video, the audio of each run, the mail about each run's end, each erasure. Of accounts:
    their letters. Of webhooks: their deliveries, which only the log knows. The others are in GridFS, and
    in the notifier's notes of each try at a mail.
    """
    log = Log(servers.need("stream_url"), say)
    ends, job_id = await log.ends(), await job_meant(log, job) if job else ""
    if ends is None:
        raise NothingFound("the log is empty")
    moment = await _moment(servers, patience)
    cut = await cut_at(servers.need("stream_url"))
    sums, shown = Counter[tuple[Kind, str]](), list[Effect]()
    async with servers.database() as database:
        ledger = Ledger(log=log, database=database, ends=ends, cut_at=cut, moment=moment)
        async for effect in ledger.effects(job_id):
            _add(sums, effect)
            if not out.for_people:
                out.one(msgspec.json.encode(effect), lambda: None)
            elif job_id or effect.verdict in BROKEN:
                shown.append(effect)
    if job_id and not sums:
        raise NothingFound(f"the log says nothing of job {job}")
    if out.for_people:
        _show(sums, shown, len(shown) if job_id else limit)
    elif out.json:
        out.one(msgspec.json.encode(Sums(_by_kind(sums))), lambda: None)
    return Exit.DIFFERENT if any(verdict in BROKEN for _, verdict in sums) else Exit.OK


async def _moment(servers: Servers, patience: Patience) -> Moment:
    """Look what waits and what is under way. Raises InvalidSetting, Unavailable."""
    url = servers.need("rabbitmq_url")
    async with amqp.connected(url, name="replay effects") as connection:
        found = await queues(connection)
    parked = topology.parked("")
    waiting = {each.name.split(".")[0] for each in found if each.ready and not each.name.endswith(parked)}
    busy = {work.subject for worker in await alive(url) for work in worker.working_on}
    return Moment(
        now=datetime.now(UTC),
        grace=patience.grace,
        sweep=patience.sweep,
        waiting=frozenset(kind for queue, kind in _WORK.items() if queue in waiting),
        busy=frozenset(busy),
    )


def _add(sums: Counter[tuple[Kind, str]], effect: Effect) -> None:
    sums[effect.kind, "asked"] += effect.asked
    sums[effect.kind, "produced"] += effect.produced
    sums[effect.kind, "maybe"] += effect.maybe
    sums[effect.kind, effect.verdict] += 1


_COLUMNS = ("asked", "produced", "maybe", *Verdict)


def _by_kind(sums: Counter[tuple[Kind, str]]) -> dict[str, dict[str, int]]:
    kinds = [kind for kind in Kind if any(each is kind for each, _ in sums)]
    return {kind: {name: sums[kind, name] for name in _COLUMNS} for kind in kinds}


def _show(sums: Counter[tuple[Kind, str]], shown: Iterable[Effect], limit: int) -> None:
    """Print what is wrong, `limit` of each verdict, and the sums."""
    left = Counter[Verdict]()
    for effect in shown:
        left[effect.verdict] += 1
        if left[effect.verdict] <= limit:
            print(_line(effect))
    for verdict, count in left.items():
        if count > limit:
            print(f"{_said(verdict)}: {count - limit:,} more")
    print(f"{'':<8}" + "".join(f"{_said(name):>10}" for name in _COLUMNS))
    for kind, counts in _by_kind(sums).items():
        print(f"{kind:<8}" + "".join(f"{counts[name]:>10,}" for name in _COLUMNS))
    wrong = {verdict: sum(sums[kind, verdict] for kind in Kind) for verdict in _LOUD}
    told = ", ".join(f"{count:,} {verdict}" for verdict, count in wrong.items() if count)
    print(f"WRONG: {told}" if told else "clean: nothing was produced twice, never, or unasked")
    if for_sweep := sum(sums[kind, Verdict.LEFT] for kind in Kind):
        print(f"left for the sweep: {for_sweep:,}")


def _said(name: str) -> str:
    return name.upper() if name in _LOUD else name


def _line(effect: Effect) -> str:
    return f"{_said(effect.verdict):<8} {effect.kind:<7} {effect.subject}  " + ", ".join(_facts(effect))


def _facts(effect: Effect) -> Iterator[str]:
    if effect.run:
        yield f"run {effect.run}"
    if effect.about:
        yield f"about {effect.about}"
    yield f"asked for {effect.asked}, produced {effect.produced}"
    if attempts := [str(each) for each in effect.attempts if each]:
        yield f"by attempt {' and '.join(attempts)}"
    if effect.maybe:
        yield f"maybe {effect.maybe} more"
    if effect.answer:
        yield f"answered by {effect.answer}"
