"""`tonearm probe FILE`: show the contents of a media file, before anything is uploaded.

It is probed on this machine, by the ffmpeg and in the cage that a converter uses, without any server. So
`--json` prints what `GET /jobs/{id}/media` would answer.
"""

import asyncio
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import click
import msgspec

from cli.exits import Exit
from cli.media import rows
from cli.tree.command import command
from cli.tree.ending import complain
from cli.tree.printer import Printer, printing
from events.media import Media, fitting
from service import logs
from workers.converter.cage.cage import keeper_of
from workers.converter.containers.inspection import inspect
from workers.converter.containers.structure import Structure
from workers.converter.errors import ConversionError, EngineFailed, EngineUnfit
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import find_engine
from workers.converter.ffmpeg.probe import probe


@command(
    name="probe",
    examples=["tonearm probe talk.mp4", "tonearm probe talk.mp4 --format '{container} {duration_seconds}'"],
    exits={
        Exit.DATAERR: "the file cannot be read as media",
        Exit.NOINPUT: "there is no such file, or it may not be read",
        Exit.UNAVAILABLE: "ffmpeg is missing or unfit",
    },
    output=Media,
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path), help="a video, or a file of sound")
@printing
def probe_file(path: Path, out: Printer) -> Exit | None:
    """Say what a file holds, before it is uploaded. It is looked at on this machine, without any server.

    --json prints what `GET /jobs/{id}/media` would answer.
    """
    logs.configure("probe", "CRITICAL")
    if path.exists() and not path.is_file():
        complain(f"{path} is not a file")
        return Exit.NOINPUT
    try:
        with FileIO(path, "r") as file:
            structure, media = asyncio.run(_look(file))
    except OSError as error:
        complain(f"{path}: {error.strerror}")
        return Exit.NOINPUT
    except ConversionError as error:
        complain(f"{path}: {error} ({error.code})")
        return Exit.DATAERR
    except (EngineFailed, EngineUnfit) as error:
        complain(str(error))
        return Exit.UNAVAILABLE
    for warning in _warnings(structure, media):
        complain(f"{path}: {warning}")
    out.rows(msgspec.json.encode(media), rows(media, path.stat().st_size))
    return None


async def _look(file: FileIO) -> tuple[Structure, Media]:
    engine = await find_engine(os.environ.get("FFMPEG", ""))
    with keeper_of(engine.path):
        media = await probe(engine, file, Limits())
    return inspect(file), fitting(media)


def _warnings(structure: Structure, media: Media) -> Iterator[str]:
    if structure.encrypted:
        yield "its sound is copy-protected, and would be refused (encrypted)"
    elif not media.tracks:
        yield "there is no sound in it, so it would be refused (no_audio)"
    elif structure.cut:
        yield "a part of it is missing: what is there would be converted, unless partial=false is asked for"
