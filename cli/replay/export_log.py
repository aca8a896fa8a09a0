"""`export`: write the whole log into a file, with a manifest that vouches for it."""

import argparse
import contextlib
import hashlib
from importlib.metadata import version
from pathlib import Path

from cli.errors import Refused
from cli.exits import Exit
from cli.log.file import Manifest, file_name, manifest_of, write_manifest, written
from cli.log.formats import as_json
from cli.log.log import Log, line
from cli.remarks import Meter, say
from cli.servers import Servers
from events.log.stream import First, RawRecord


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", type=file_name, metavar="FILE", help="is compressed when its name ends in .gz"
    )
    parser.add_argument("--force", action="store_true", help="replace a file that is there")


async def run(arguments: argparse.Namespace, servers: Servers) -> Exit:
    """Export the log. Raises Refused, Unavailable, LogDamaged."""
    await export(Log(servers.need("stream_url"), say), arguments.file, force=arguments.force)
    return Exit.OK


async def export(log: Log, path: Path, *, force: bool = False) -> Manifest:
    """Write the log as it is now, and return its manifest.

    Raises Refused when the file is there or the log is empty.
    """
    if not path.parent.is_dir():
        raise Refused(f"there is no folder {path.parent}")
    if not force and (path.exists() or manifest_of(path).exists()):
        raise Refused(f"{path} or its manifest is there already; --force replaces them")
    ends = await log.ends()
    if ends is None:
        raise Refused("the log is empty")
    hashed, count = hashlib.sha256(), 0
    first: RawRecord | None = None
    last: RawRecord | None = None
    with written(path) as file, Meter("export", ends.last - ends.first) as meter:
        async with contextlib.aclosing(log.read(First(), ends.last)) as batches:
            async for batch in batches:
                text = b"".join([as_json(line(record)) + b"\n" for record in batch])
                hashed.update(text)
                file.write(text)
                first, last, count = first or batch[0], batch[-1], count + len(batch)
                meter.at(batch[-1].offset - ends.first, len(batch))
        manifest_of(path).unlink(missing_ok=True)
    assert first is not None and last is not None  # noqa: S101, PT018
    manifest = Manifest(
        count=count,
        first_offset=first.offset,
        last_offset=last.offset,
        first_time=first.chunk_time,
        last_time=last.chunk_time,
        sha256=hashed.hexdigest(),
        tonearm=version("tonearm"),
    )
    write_manifest(path, manifest)
    print(f"{path}: {count:,} events, offsets {first.offset} to {last.offset}, sha256 {manifest.sha256}")
    return manifest
