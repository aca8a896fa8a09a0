"""ZIPs of an account's jobs: what is in them, and their bytes as somebody reads them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from msgspec import Struct

from events.projections.job_view import JobView
from gateway.errors import BlobDamaged, BlobRemoved, GatewayError, JobGone, NoAudio, NoSuchJob
from gateway.handover.archive.checksums import Checksums
from gateway.handover.archive.contents import Contents, contents
from gateway.handover.archive.pieces import Content, End, pieces, record
from gateway.handover.archive.records import File
from gateway.handover.archive.selections import Selections
from gateway.jobs.outcome import audio_of
from gateway.jobs.own_jobs import OwnJobs
from gateway.storage import Bucket


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

        Raises BlobRemoved when a file was deleted meanwhile, BlobDamaged, Unavailable.
        """
        for section, begin, end in pieces(await self.checksums.known(files), first, last):
            match section:
                case Content(file):
                    async with aclosing(self._content(file, begin, end)) as chunks:
                        async for chunk in chunks:
                            yield chunk
                case End(data):
                    yield data[begin : end + 1]
                case _:
                    yield record(section, await self.checksums.of(section.file))[begin : end + 1]

    async def _content(self, file: File, first: int, last: int) -> AsyncGenerator[bytes, None]:
        if not file.audio_id:
            yield file.text[first : last + 1]
            return
        blob = await self.audio.find(file.audio_id)
        if blob is None:
            raise BlobRemoved("an audio in this archive is not stored any more")
        if blob.bytes != file.size:
            raise BlobDamaged(f"{self.audio.name} {blob.id} has {blob.bytes} bytes, and not {file.size}")
        async with aclosing(self.audio.read(blob, first, last)) as chunks:
            async for chunk in chunks:
                yield chunk
