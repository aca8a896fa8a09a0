"""The standing, in lines for people. Pure: the time now comes in."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from cli.pretty import visible
from cli.replay.standing.facts import RECENT, GivenUp, Standing, TheLog, Topology, Views
from cli.system.overview import line_of_jobs, lines_of_queues
from cli.system.workers import lines_of_workers
from cli.times import shown
from events.log import topology
from events.log.depths import Queue


def lines(found: Standing, now: datetime) -> Iterator[str]:
    """Yield the lines, part by part; of a part that could not be found out the reason."""
    away = {name: [f"{name}: {why}"] for name, why in found.away.items()}
    yield from away.get("log") or (_log(found.log, now) if found.log else ["log: empty"])
    if found.views:
        yield from _views(found.views, found.log)
    yield from away.get("views", [] if found.views else ["views: MONGODB_URL is not set"])
    if found.waiting:
        yield "queues: messages ready, and who waits for work; empty queues of retries are left out"
        queues = (Queue(each.name, each.ready, each.consumers) for each in found.waiting.queues)
        yield from (f"  {each}" for each in lines_of_queues(queues))
        yield from (f"  {_given_up(each)}" for each in found.waiting.given_up)
    yield from away.get("queues", [] if found.waiting else ["queues: RABBITMQ_URL is not set"])
    if found.workers is not None:
        yield "workers: " + ("those that were heard" if found.workers else "none was heard")
        yield from (f"  {each}" for each in lines_of_workers(found.workers, now))
    yield from away.get("topology", _topology(found.topology) if found.topology else [])
    yield from (f"disk: {each}" for each in found.disks)
    yield from away.get("disk", [])


def _log(log: TheLog, now: datetime) -> Iterator[str]:
    yield f"log: offsets {log.first} to {log.last}, at most {log.last - log.first + 1:,} events"
    age = str(now - log.newest).partition(".")[0]
    yield f"     from {shown(log.oldest)} to {shown(log.newest)}, {age} ago"
    if log.first:
        yield f"     what stood before offset {log.first} is gone (retention)"
    minutes = round(RECENT.total_seconds() / 60)
    yield f"     in the last {minutes} minutes: {_counted(log.recent)}"
    if log.types is not None:
        yield f"types: {sum(log.types.values()):,} events"
        yield from (f"  {visible(type_):<28} {count:>12,}" for type_, count in log.types.items())


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {visible(name)}" for name, count in counts.items()) or "nothing"


def _views(views: Views, log: TheLog | None) -> Iterator[str]:
    yield f"jobs: {line_of_jobs(views.jobs)}"
    yield f"views: {views.live} is live" + ("" if views.versions else ", and holds nothing yet")
    for view in views.versions:
        known = view.offset is not None
        place = f"at offset {view.offset}{_lag(view.offset or 0, log)}" if known else "no checkpoint"
        yield f" {'*' if view.live else ' '}{view.name}: {view.jobs:,} jobs, {place}"


def _lag(offset: int, log: TheLog | None) -> str:
    if log is None:
        return ""
    behind = log.last - offset
    if behind < 0:
        return f": BEYOND the log's end ({log.last}); this is not the log it was made from"
    return f", at most {behind:,} events behind" if behind else ", up to date"


def _given_up(work: GivenUp) -> str:
    about = f"{work.type} {work.subject}" if work.type else "unreadable"
    return visible(f"{topology.parked(work.queue)}   {about}, attempt {work.attempt}: {work.reason}")


def _topology(found: Topology) -> Iterator[str]:
    if found.missing:
        yield "topology: MISSING " + "; ".join(found.missing)
    if found.bindings is None:
        there = "" if found.missing else "topology: exchanges and queues are there; "
        why = "RABBITMQ_MANAGEMENT_URL is not set, and rabbitmqctl cannot ask this broker from here"
        yield f"{there}bindings were not listed: {why}"
        return
    if not found.missing:
        yield "topology: complete"
    listed = ", ".join(f"{each.key} → {each.queue}" for each in found.bindings)
    yield f"bindings of {topology.EXCHANGE}: {listed}"
