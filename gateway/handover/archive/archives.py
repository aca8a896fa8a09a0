"""ZIPs of an account's jobs: what is in them, and their bytes as somebody reads them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from events.projections.job_view import JobView
from gateway.errors import BlobDamaged, BlobRemoved, GatewayError, JobGone, NoAudio, NoSuchJob
from gateway.handover.archive.checksums import Checksums
from gateway.handover.archive.contents import Contents, contents
from gateway.handover.archive.pieces import (
    Content,
    End,
    Entry,
    Header,
    Piece,
    Section,
    pieces,
    record,
)
from gateway.handover.archive.records import File
from gateway.handover.archive.selections import Selections
from gateway.jobs.outcome import audio_of
from gateway.jobs.own_jobs import OwnJobs
from gateway.storage import Bucket
from service.blobs import Blob


class Chosen(Struct, frozen=True, kw_only=True):
    """Jobs of which there is audio, in the order of the request; and why there is none of the others."""

    views: Sequence[JobView]
    refused: dict[str, GatewayError]


class Archives(Struct, frozen=True):
    """The ZIPs of all accounts. None is ever made as a whole."""

    own_jobs: OwnJobs
    audio: Bucket
    checksums: Checksums
    selections: Selections

    async def choose(self, account: str, job_ids: Sequence[str]) -> Chosen:
        """Return which of these jobs can be in a ZIP; each counts once. Raises Unavailable."""
        found = await self.own_jobs.several(account, job_ids)
        views, refused = [], dict[str, GatewayError]()
        for job_id in dict.fromkeys(job_ids):
            try:
                if (view := found.get(job_id)) is None:
                    raise NoSuchJob("there is no job with this id")
                audio_of(view)
            except (NoSuchJob, JobGone, NoAudio) as error:
                refused[job_id] = error
            else:
                views.append(view)
        return Chosen(views=views, refused=refused)

    async def contents(self, account: str, job_ids: Sequence[str]) -> Contents:
        """Return what a ZIP of all these jobs holds.

        Raises NoSuchJob, JobGone, NoAudio for the first that it cannot hold, and Unavailable.
        """
        chosen = await self.choose(account, job_ids)
        for job_id, error in chosen.refused.items():
            error.args = (f"job {job_id}: {error}",)
            raise error
        return contents(chosen.views)

    async def read(self, files: Sequence[File], first: int, last: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `first` to `last` of the ZIP, both included.

        An audio that is missing is missed before the first of them. Raises BlobRemoved, also when one is
        deleted meanwhile, BlobDamaged, Unavailable.
        """
        some = list(pieces(files, first, last))
        stored = await self._stored(some)
        for section, begin, end in some:
            match section:
                case Content(File(audio_id="", text=text)):
                    yield text[begin : end + 1]
                case Content(file):
                    async with aclosing(self.audio.read(stored[file.audio_id], begin, end)) as chunks:
                        async for chunk in chunks:
                            yield chunk
                case End(data):
                    yield data[begin : end + 1]
                case _:
                    crc32 = await self._crc32(section.file, stored)
                    yield record(section, crc32)[begin : end + 1]

    async def _stored(self, some: Sequence[Piece]) -> dict[str, Blob]:
        """Return the audio that these pieces are made of, or whose CRC-32 they need, by its id."""
        needed = [section.file for section, _, _ in some if _needs_audio(section)]
        stored = await self.audio.find_all(file.audio_id for file in needed)
        for file in needed:
            if (blob := stored.get(file.audio_id)) is None:
                raise BlobRemoved(f"{file.name} is not stored any more")
            if blob.bytes != file.size:
                raise BlobDamaged(f"{self.audio.name} {blob.id} has {blob.bytes} bytes, and not {file.size}")
        return stored

    async def _crc32(self, file: File, stored: dict[str, Blob]) -> int:
        if file.crc32 is not None:
            return file.crc32
        blob = stored[file.audio_id]
        crc32 = await self.checksums.of(blob)
        stored[file.audio_id] = replace(blob, crc32=crc32)  # the directory needs it once more
        return crc32


def _needs_audio(section: Section) -> TypeGuard[Header | Content | Entry]:
    match section:
        case End():
            return False
        case Entry(file):
            return file.crc32 is None
        case _:
            return bool(section.file.audio_id)
