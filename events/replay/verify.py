"""`verify`: fold the log again and compare with the stored views, up to the checkpoint."""

import argparse

from events.replay.exits import Exit, WrongArgument
from events.replay.findings import NAMED, Findings
from events.replay.log import Log
from events.replay.remarks import say
from events.replay.servers import Servers
from events.replay.stored import named
from events.replay.verifying import BUDGET, JOB_BYTES, Verifier, check

SUMMARY = "check the stored views against the log"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--version", default="live", metavar="V", help="live (default) or a number")
    add(
        *("--partitions",),
        type=int,
        metavar="N",
        help=f"read the log N times, each for a part of the jobs; memory is {JOB_BYTES / 1000:.1f} kB "
        f"a job, and N is by default what keeps it under {BUDGET // 2**20} MB",
    )
    add("--limit", type=int, default=NAMED, metavar="N", help=f"name at most N jobs of each kind ({NAMED})")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Compare and tell. Raises LogDamaged when the checkpoint does not fit the log."""
    if arguments.partitions is not None and arguments.partitions < 1:
        raise WrongArgument("--partitions takes a number from 1 up")
    log = Log(servers.need("stream_url"), say)
    async with servers.database() as database:
        version = await named(database, arguments.version)
        checkpoint, ends = await version.checkpoint(), await log.ends()
        check(version, checkpoint, ends)
        findings = Findings("log", version.name)
        verifier = Verifier(log, version, checkpoint, ends, findings)
        partitions = arguments.partitions or verifier.partitions()
        for part in range(partitions):
            await verifier.verify(part, partitions)
    findings.show(arguments.limit)
    return findings.exit
