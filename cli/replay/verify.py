"""`verify`: fold the log again and compare with the stored views, up to the checkpoint."""

import argparse

from cli.errors import NoViews, WrongArgument
from cli.exits import Exit
from cli.log.keys import all_keys
from cli.log.log import Log
from cli.numbers import at_most
from cli.remarks import say
from cli.replay.views.findings import SHOWN, Findings
from cli.replay.views.verification import BUDGET, JOB_BYTES, Verifier, check
from cli.replay.views.versions import version_named
from cli.servers import Servers


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
    add(
        "--limit",
        type=at_most,
        default=SHOWN,
        metavar="N",
        help=f"name at most N jobs of each kind ({SHOWN})",
    )


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Print the findings. Raises NoViews, and LogDamaged when the checkpoint does not fit the log."""
    if arguments.partitions is not None and arguments.partitions < 1:
        raise WrongArgument("--partitions takes a number from 1 up")
    async with servers.database() as database, all_keys(servers) as keys:
        log = Log(servers.need("stream_url"), say, keys)
        version = await version_named(database, arguments.version)
        checkpoint, ends = await version.checkpoint(), await log.ends()
        check(version, checkpoint, ends)
        if checkpoint is None and ends is not None:
            raise NoViews(
                f"{version.name} has taken in nothing of a log that ends at offset {ends.last}: "
                "is MONGODB_URL the right database, and does a gateway run to project into it?"
            )
        findings = Findings("log", version.name)
        verifier = Verifier(log, version, checkpoint, ends, findings)
        partitions = arguments.partitions or verifier.partitions()
        for part in range(partitions):
            await verifier.verify(part, partitions)
    if checkpoint and ends:
        print(f"{version.name}: up to offset {checkpoint.offset} of {ends.last}")
    else:
        print("the log is empty")
    findings.show(arguments.limit)
    return findings.exit
