"""Clips of stored MP3s: found once by reading the MP3 up to the clip's end, then served as bytes of it."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing

from gateway.errors import NoClip
from gateway.handover.links.mp3_clip import Clip, Cutter
from gateway.handover.links.mp3_frames import NoFrames
from gateway.storage import Bucket
from service.blobs import Blob

_REMEMBERED = 500


class Clips:
    """The clips of a bucket's MP3s. The last ones that were asked for are remembered."""

    def __init__(self, audio: Bucket) -> None:
        self._audio = audio
        self._known: OrderedDict[tuple[str, float, float], Clip] = OrderedDict()

    async def find(self, blob: Blob, start: float, end: float) -> Clip:
        """Return the clip of these seconds. Raises NoClip, BlobDamaged, Unavailable."""
        key = (blob.id, start, end)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = await self._cut(blob, start, end)
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known

    async def read(self, blob: Blob, clip: Clip, first: int, last: int) -> AsyncGenerator[bytes, None]:
        """Yield the clip's bytes from `first` to `last`, both included. Raises as the bucket does."""
        before = len(clip.head)
        if first < before:
            yield clip.head[first : last + 1]
        if last >= before:
            from_, to = clip.first + max(first - before, 0), clip.first + last - before
            async with aclosing(self._audio.read(blob, from_, to)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _cut(self, blob: Blob, start: float, end: float) -> Clip:
        cutter = Cutter(start, end)
        try:
            async with aclosing(self._audio.read(blob, 0, blob.bytes - 1)) as chunks:
                async for chunk in chunks:
                    if cutter.feed(chunk):
                        break
            return cutter.clip()
        except NoFrames as error:
            raise NoClip(f"this part of the audio cannot be cut out: {error}") from None
