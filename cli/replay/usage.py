"""`usage`: add up what every account uses from the log again, and compare it with what is stored.

No projector has to stop: what is stored says up to where it has counted, and just as far goes the log's sum.
"""

import argparse
import contextlib

import msgspec

from cli.errors import NoViews
from cli.exits import Exit
from cli.log.log import Log
from cli.numbers import at_most
from cli.remarks import Meter, say
from cli.replay.views.differences import differences
from cli.replay.views.findings import SHOWN, Findings
from cli.replay.views.generations import Generations
from cli.replay.views.scan import part_of
from cli.replay.views.verification import Verifier, check, hold, unpacked
from cli.replay.views.versions import Version, version_named
from cli.servers import Servers
from events.errors import RetentionGap
from events.log.bounds import Bounds
from events.log.stream import First
from events.projections.usage import Usage, moved
from events.views.store import Checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("--version", default="live", metavar="V", help="live (default) or a number")
    add(
        "--limit",
        type=at_most,
        default=SHOWN,
        metavar="N",
        help=f"name at most N accounts of each kind ({SHOWN})",
    )


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Print the findings. Raises NoViews, and LogDamaged when log and checkpoint do not fit."""
    log = Log(servers.need("stream_url"), say)
    async with servers.database() as database:
        version = await version_named(database, arguments.version)
        checkpoint, ends = await version.checkpoint(), await log.ends()
        check(version, checkpoint, ends)
        if checkpoint is None or ends is None or not checkpoint.has_usage:
            raise NoViews(
                f"no usage has been counted in {version.usage.name} yet: a gateway's projector does"
            )
        if ends.first > 0:
            raise RetentionGap(f"the log begins at offset {ends.first}: older usage cannot be added up again")
        findings = await _compared(log, version, checkpoint, ends)
    findings.show(arguments.limit)
    return findings.exit


async def _compared(log: Log, version: Version, checkpoint: Checkpoint, ends: Bounds) -> Findings:
    stored = {account: usage async for account, usage in version.usage.all()}
    ends = await log.ends() or ends  # no usage has seen more than this
    told = await _added_up(log, version, checkpoint, ends, stored)
    findings = Findings("log", version.usage.name)
    for account in sorted(stored.keys() | told.keys()):
        if account not in stored:
            findings.missing.append(account)
        elif account not in told:
            findings.extra.append(account)
        elif found := list(differences(*map(msgspec.to_builtins, (told[account], stored[account])))):
            findings.different[account] = found
        else:
            findings.equal += 1
    return findings


async def _added_up(
    log: Log, version: Version, checkpoint: Checkpoint, ends: Bounds, stored: dict[str, Usage]
) -> dict[str, Usage]:
    """Return each account's usage by the log, up to where the stored one has counted."""
    last = min(ends.last, max([checkpoint.offset, *(usage.seen for usage in stored.values())]))

    def counted(account: str, offset: int) -> bool:
        usage = stored.get(account)
        return offset <= (usage.seen if usage else checkpoint.offset)

    usages: dict[str, Usage] = {}
    partitions = Verifier(log, version, checkpoint, ends, Findings("", "")).partitions()
    for part in range(partitions):

        def mine(job_id: str, part: int = part) -> bool:
            return part_of(job_id, partitions) == part

        generations, held = Generations(mine, counted=counted), dict[str, bytes]()
        with Meter("usage", last - ends.first) as meter:
            async with contextlib.aclosing(log.read(First(), last)) as batches:
                async for batch in batches:
                    if settled := generations.add(batch):
                        hold(held, settled, generations)
                    meter.at(batch[-1].offset - ends.first, len(batch))
        for _ in range(2):
            if settled := generations.turn():
                hold(held, settled, generations)
        usages = {**usages, **moved(usages, ((None, unpacked(view)) for view in held.values()))}
    return usages
