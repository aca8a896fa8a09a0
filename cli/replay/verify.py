"""`verify`: fold the log again and compare with the stored views, up to the checkpoint."""

import click

from cli.errors import NoViews
from cli.exits import Exit
from cli.log.keys import all_keys
from cli.log.log import Log
from cli.replay.options.named import limited, versioned
from cli.replay.subcommand import subcommand
from cli.replay.views.findings import Findings
from cli.replay.views.verification import BUDGET, JOB_BYTES, Verifier, check
from cli.replay.views.versions import version_named
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from cli.tree.types import COUNT


@subcommand(
    examples=["tonearm replay verify", "tonearm replay verify --version 2 --json"],
    exits={Exit.DIFFERENT: "they differ", Exit.NOINPUT: "there are no views"},
    output=Findings,
)
@versioned
@click.option(
    "--partitions",
    type=COUNT,
    help=f"read the log N times, each for a part of the jobs; memory is {JOB_BYTES / 1000:.1f} kB a job, "
    f"and N is by default what keeps it under {BUDGET // 2**20} MB",
)
@limited("jobs of each kind")
@printing
async def verify(servers: Servers, version: str, partitions: int | None, limit: int, out: Printer) -> Exit:
    """Fold the log again, up to where the stored views have seen it, and compare them with that."""
    async with servers.database() as database, all_keys(servers) as keys:
        log = Log(servers.need("stream_url"), say, keys)
        views = await version_named(database, version)
        checkpoint, ends = await views.checkpoint(), await log.ends()
        check(views, checkpoint, ends)
        if checkpoint is None and ends is not None:
            raise NoViews(
                f"{views.name} has taken in nothing of a log that ends at offset {ends.last}: "
                "is MONGODB_URL the right database, and does a gateway run to project into it?"
            )
        findings = Findings("log", views.name)
        verifier = Verifier(log, views, checkpoint, ends, findings)
        parts = partitions or verifier.partitions()
        for part in range(parts):
            await verifier.verify(part, parts)
    upto = f"{views.name}: up to offset {checkpoint.offset} of {ends.last}" if checkpoint and ends else ""
    out.beside(upto or "the log is empty")
    findings.show(out, limit)
    return findings.exit
