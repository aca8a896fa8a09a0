"""`info`: how it is. What flows, what waits, what failed, who takes the work, how full the disk is."""

from datetime import UTC, datetime

import click
import msgspec

from cli.exits import Exit
from cli.log.log import Log
from cli.replay.standing.facts import Standing
from cli.replay.standing.inquiry import Inquiry
from cli.replay.standing.report import lines
from cli.replay.subcommand import subcommand
from cli.streams.remarks import say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing


@subcommand(
    examples=[
        "tonearm replay info",
        "tonearm replay info --types",
        "tonearm replay info --format '{views[jobs][failed]} failed, {log[last]}'",
    ],
    exits={Exit.UNAVAILABLE: "a server is away; what can be found out without it is printed"},
    output=Standing,
)
@click.option("--types", is_flag=True, help="count the events by type (reads the whole log)")
@printing
async def info(servers: Servers, types: bool, out: Printer) -> Exit:
    """Say how it is: what flows, what waits, what failed, who takes the work, how full the disks are."""
    found = await Inquiry(servers, Log(servers.need("stream_url"), say), types=types).run()
    out.one(msgspec.json.encode(found), lambda: print("\n".join(lines(found, datetime.now(UTC)))))
    return Exit.UNAVAILABLE if found.away else Exit.OK
