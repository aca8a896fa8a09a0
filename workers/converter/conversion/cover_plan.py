"""Plans how ffmpeg takes a cover out of a video. Pure."""

from collections.abc import Callable

from events.media import Media, Picture
from events.options import Cover, Format, Options
from workers.converter.ffmpeg.arguments import PICTURE_DECODERS
from workers.converter.ffmpeg.plan import Plan

_LARGEST = 1000
"""Pixels of a frame's longer side."""
_MOST_PIXELS = 36_000_000
"""Pixels of a frame before it is scaled: 8K has 33 million, and more do not fit into the memory limit."""
_EARLY = 0.1
"""The share of the recording after which a frame is most likely neither black nor a title."""
_NAMES = {"libdav1d": "av1"}
_DECODED = {_NAMES.get(each, each) for each in PICTURE_DECODERS.split(",")}
_SMALLER = (
    f"scale='min(iw*sar,min({_LARGEST},{_LARGEST}*dar))':'ow/dar',setsar=1"  # pixels need not be square
)


def cover_plan(options: Options, media: Media) -> Plan | None:
    """Return the plan for the picture that the options ask for; None when there is no such picture."""
    match options.cover:
        case Cover.NONE:
            return None
        case Cover.KEEP:
            at = _first(media, lambda each: each.cover and each.codec in ("mjpeg", "png"))
            return None if at is None else _stored(at)
        case Cover.FRAME:
            at = _first(media, lambda each: not each.cover and each.codec in _DECODED)
            return None if at is None else _frame(at, _moment(options, media))


def _first(media: Media, fits: Callable[[Picture], bool]) -> int | None:
    return next((at for at, each in enumerate(media.pictures) if fits(each)), None)


def _stored(at: int) -> Plan:
    """Take a picture as it is stored. It is not decoded."""
    output = ("-map", f"0:v:{at}", "-an", "-sn", "-dn", "-c:v", "copy", "-frames:v", "1", "-f", "image2pipe")
    return Plan(Format.MP3, (), output)


def _frame(at: int, moment: float) -> Plan:
    """Decode a key frame near a moment, and no other frames, in one thread."""
    return Plan(
        Format.MP3,
        (
            *("-threads:v", "1", "-skip_frame:v", "nokey", "-max_pixels:v", str(_MOST_PIXELS)),
            *("-ss", f"{moment:.6f}", "-noaccurate_seek"),
        ),
        (
            *("-map", f"0:v:{at}", "-an", "-sn", "-dn", "-vf", _SMALLER, "-fps_mode", "passthrough"),
            *("-c:v", "mjpeg", "-q:v", "3", "-frames:v", "1"),
            *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "image2pipe"),
        ),
        pictures=True,
    )


def _moment(options: Options, media: Media) -> float:
    if options.cover_at is not None:
        return options.cover_at
    end = media.duration_seconds if options.end is None else min(options.end, media.duration_seconds)
    return options.start + _EARLY * max(end - options.start, 0.0)
