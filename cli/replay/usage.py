"""`usage`: add up what every account uses from the log again, and compare it with what is stored."""

import contextlib

import msgspec

from cli.errors import NoViews
from cli.exits import Exit
from cli.log.log import Log
from cli.replay.options.named import limited, versioned
from cli.replay.subcommand import subcommand
from cli.replay.views.differences import differences
from cli.replay.views.findings import Findings
from cli.replay.views.generations import Generations
from cli.replay.views.scan import part_of
from cli.replay.views.verification import Verifier, check, hold, unpacked
from cli.replay.views.versions import Version, version_named
from cli.streams.remarks import Meter, say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from events.errors import RetentionGap
from events.log.bounds import Bounds
from events.log.stream import First
from events.projections.usage import Usage, moved
from events.views.store import Checkpoint


@subcommand(
    examples=["tonearm replay usage", "tonearm replay usage --json"],
    exits={Exit.DIFFERENT: "it differs", Exit.NOINPUT: "no usage was counted yet"},
    output=Findings,
)
@versioned
@limited("accounts of each kind")
@printing
async def usage(servers: Servers, version: str, limit: int, out: Printer) -> Exit:
    """Add up what each account uses from the log again, and compare it with what is stored.

    No projector has to stop: what is stored names the place that it has counted to, and the sum goes as far.
    """
    log = Log(servers.need("stream_url"), say)
    async with servers.database() as database:
        views = await version_named(database, version)
        checkpoint, ends = await views.checkpoint(), await log.ends()
        check(views, checkpoint, ends)
        if checkpoint is None or ends is None or not checkpoint.has_usage:
            raise NoViews(f"no usage has been counted in {views.usage.name} yet: a gateway's projector does")
        if ends.first > 0:
            raise RetentionGap(f"the log begins at offset {ends.first}: older usage cannot be added up again")
        findings = await _compared(log, views, checkpoint, ends)
    findings.show(out, limit)
    return findings.exit


async def _compared(log: Log, version: Version, checkpoint: Checkpoint, ends: Bounds) -> Findings:
    stored = {account: used async for account, used in version.usage.all()}
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
    last = min(ends.last, max([checkpoint.offset, *(used.seen for used in stored.values())]))

    def counted(account: str, offset: int) -> bool:
        used = stored.get(account)
        return offset <= (used.seen if used else checkpoint.offset)

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
