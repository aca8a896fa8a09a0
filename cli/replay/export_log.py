"""`export`: write the whole log into a file, with a manifest that vouches for it."""

import contextlib
import hashlib
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from cli.errors import Refused
from cli.exits import Exit
from cli.log.file import Manifest, manifest_of, write_manifest, written
from cli.log.formats import as_json
from cli.log.log import Log, line
from cli.replay.options.named import FILE
from cli.replay.subcommand import subcommand
from cli.streams.remarks import Meter, say
from cli.system.servers import Servers
from cli.tree.printer import Printer, printing
from events.log.stream import First, RawRecord


@subcommand(
    examples=["tonearm replay export log.jsonl.gz", "tonearm replay export log.jsonl --force"],
    exits={Exit.CANTCREAT: "the file cannot be written"},
    output=Manifest,
    writes=True,
    name="export",
)
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="replace a file that is there")
@printing
async def export_log(servers: Servers, file: Path, force: bool, out: Printer) -> None:
    """Write the whole log into FILE, an event a line, with a manifest beside it that vouches for it.

    It is compressed when its name ends in .gz. `import` fills an empty log from it.
    """
    manifest = await export(Log(servers.need("stream_url"), say), file, force=force)
    out.line(msgspec.json.encode(manifest), told(file, manifest))


def told(path: Path, manifest: Manifest) -> str:
    """Return what was written, in a line."""
    offsets = f"offsets {manifest.first_offset} to {manifest.last_offset}"
    return f"{path}: {manifest.count:,} events, {offsets}, sha256 {manifest.sha256}"


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
    return manifest
