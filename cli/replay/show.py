"""`show`: print a part of the log."""

import contextlib
import sys
from collections.abc import AsyncIterator, Callable

from cli.errors import NothingFound
from cli.exits import Exit
from cli.log.formats import NAMES, LogLine, named
from cli.log.keys import keys_at_hand
from cli.log.log import Log
from cli.log.looks import Look
from cli.log.part import Part
from cli.replay.options.look import TEMPLATES, looking_at_log
from cli.replay.options.part import part_of_log
from cli.replay.subcommand import subcommand
from cli.streams.readers import while_read
from cli.streams.remarks import say
from cli.system.servers import Servers


@subcommand(
    examples=[
        "tonearm replay show --since 10m",
        "tonearm replay show @-1 -o short",
        "tonearm replay show -n 20 -f --type 'job.*' -o '{offset} {time} {type} {subject}'",
        "tonearm replay show --type job.failed --since yesterday --json",
    ],
    exits={Exit.NOTHING: "nothing of this is in the log"},
    output=LogLine,
    epilog=TEMPLATES,
)
@part_of_log
@looking_at_log(*NAMES, at_terminal="short")
async def show(servers: Servers, part: Part, look: Look) -> Exit:
    """Print a part of the log: all events, or those of the jobs that are named.

    A PLACE may be a time, too, and a TIME is a clock (10:00), a date, or how long ago (10m, 2 days). What has
    no zone is local.
    """
    write, shown = named(look.format, look.screen, whole=look.whole), 0
    if part.limit == 0:
        return Exit.OK
    async with (
        log_for(look, servers) as log,
        while_read(),
        contextlib.aclosing(part.lines(log)) as batches,
    ):
        async for lines in batches:
            shown += len(lines)
            sys.stdout.buffer.write(b"".join([write(line) + b"\n" for line in lines]))
            sys.stdout.buffer.flush()
    if not shown:
        raise NothingFound("nothing of this is in the log")
    return Exit.OK


@contextlib.asynccontextmanager
async def log_for(look: Look, servers: Servers, tell: Callable[[str], None] = say) -> AsyncIterator[Log]:
    """Give the log for printing. What people typed is opened, as far as it can be; raw it stays sealed."""
    url = servers.need("stream_url")
    if look.format == "raw":
        yield Log(url, tell)
        return
    async with keys_at_hand(servers.mongodb_url, tell) as keys:
        yield Log(url, tell, keys)
