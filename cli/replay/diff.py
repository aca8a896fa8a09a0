"""`diff`: field by field, a stored job against the log, or one version of the views against another."""

import contextlib
from collections.abc import Sequence

import click

from cli.errors import Refused
from cli.exits import Exit
from cli.jobs.choice.argument import JOB
from cli.log.log import Log
from cli.replay.options.named import limited
from cli.replay.subcommand import subcommand
from cli.replay.views.comparison import compare
from cli.replay.views.differences import differs, laid_out
from cli.replay.views.findings import Findings
from cli.replay.views.versions import Version, version_named
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from events.envelope import Recorded, decode
from events.errors import InvalidEvent
from events.log.stream import First
from events.payload import Aggregate
from events.privacy.job_keys import JobKeys
from events.projections.job_view import JobView
from events.projections.jobs import evolve


@subcommand(
    examples=[
        "tonearm replay diff --job 01a2",
        "tonearm replay diff live 1",
        "tonearm replay diff live 1 --json",
    ],
    exits={Exit.DIFFERENT: "they differ"},
    output=Findings,
)
@click.argument("versions", nargs=-1, metavar="[V V]")
@click.option(
    "--job", type=JOB, help="one job: its live view against the fold of the log as far as that has seen"
)
@limited("jobs of each kind")
@printing
async def diff(servers: Servers, versions: Sequence[str], job: str | None, limit: int, out: Printer) -> Exit:
    """Compare field by field: a stored job with the log, or two versions of the views, such as live and 1."""
    if len(versions) != (0 if job else 2):
        raise click.UsageError("give either two versions, or --job ID")
    async with servers.database() as database:
        if job:
            log = Log(servers.need("stream_url"), say, JobKeys(database))
            version = await version_named(database, "live")
            findings = await _job(log, version, await version.job_meant(job))
        else:
            left, right = [await version_named(database, text) for text in versions]
            findings = await compare(left, right)
    findings.show(out, limit)
    return findings.exit


async def _job(log: Log, version: Version, job_id: str) -> Findings:
    """A stored view must be the fold of its events up to what it has seen; one that is not stored, of all."""
    stored, ends = await version.document(job_id), await log.ends()
    seen = laid_out(stored).get("seen") if stored else None
    upto = min(seen, ends.last) if ends and isinstance(seen, int) else ends.last if ends else -1
    view: JobView | None = None
    async with contextlib.aclosing(log.read(First(), upto, [job_id.encode()])) as batches:
        async for batch in batches:
            for record in batch:
                with contextlib.suppress(InvalidEvent):
                    event = decode(record.body)
                    if event.subject == job_id and event.aggregate is Aggregate.JOB:
                        view = evolve(view, Recorded(record.offset, event))
    findings = Findings("log", version.name)
    match view, stored:
        case None, None:
            raise Refused(f"neither the log nor {version.name} knows job {job_id}")
        case None, _:
            findings.extra.append(job_id)
        case JobView(), None:
            findings.missing.append(job_id)
        case JobView(), _:
            found = differs(view, stored)
            findings.different = {job_id: found} if found else {}
            findings.equal = 0 if found else 1
    return findings
