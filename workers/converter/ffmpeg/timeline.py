"""Keeps the times of the source in the sound: filters for holes, late beginnings, clocks that jump. Pure.

Where the source has no sound for a while, or begins without, the result has silence. So a second of the
result is the same second of the video. Nothing is ever left out: where the clock goes back, or far ahead,
as between two recordings in one file, the sound goes on without a break.
"""

from events.media import Media, Track
from events.options import Options

HOLE = 0.1
"""Seconds without sound that are a hole. Less is how exactly containers tell the time."""
_JUMP = 3600.0
"""Seconds ahead that are no hole but another clock."""
_SHIFTED = ("mpegts", "mpeg")
"""Containers whose time begins, for ffmpeg, with the track and not with the file."""
_CLOCKED = ("mov,", "matroska,", "flv", "asf")
"""Containers in which a track may begin late, also later than ffmpeg looks when it opens a file."""


def timely(options: Options, media: Media, track: Track, seek: float) -> list[str]:
    """Return the filters that cut, and put silence into holes. `seek`: seconds skipped."""
    late = options.start or track.start >= HOLE or not media.container or media.container.startswith(_CLOCKED)
    first = ":first_pts=0" if late else ""
    # A cut is exact to the sample; without one, the sound begins as the source's does.
    exact = "" if options.start else f":min_comp={HOLE}"
    return [*cut(options, media, track, seek), f"aresample=async=1{exact}{first}"]


def cut(options: Options, media: Media, track: Track, seek: float) -> list[str]:
    """Return the filters that cut out what the options ask for, with its times and its holes."""
    start = options.start - seek
    filters = [f"asetpts='{_STEADY}'"]
    if is_hidden(media, track):
        late, hidden = f"{track.start:.6f}", f"{track.start - HOLE:.6f}"
        filters = [f"asetpts='PTS+lt(STARTT,{hidden})*({late}-STARTT)/TB'", *filters]
    if options.start or options.end is not None:
        end = f":end={options.end - seek:.6f}" if options.end is not None else ""
        filters += [f"atrim=start={start:.6f}{end}"]
    if options.start:
        filters += [f"asetpts=PTS-{start:.6f}/TB"]
    return filters


def is_hidden(media: Media, track: Track) -> bool:
    """Return True if ffmpeg's clock may begin with the track, which begins late (see `probe`)."""
    return media.container.startswith("matroska,") and track.start >= HOLE


def offset(media: Media, track: Track) -> tuple[str, ...]:
    """Return the arguments for an input whose time would begin with the track."""
    late = media.container.startswith(_SHIFTED) and track.start >= HOLE
    return ("-itsoffset", f"{track.start:.6f}") if late else ()


_STEADY = (
    # 0: this frame's time, 1: where the last one ended, 2: the offset between the clocks
    "st(0,PTS+ld(2));"
    "if(isnan(PTS),st(0,ld(1)));"
    f"if(lt(ld(0),ld(1)-{HOLE}/TB)+gt(ld(0),ld(1)+{_JUMP:.0f}/TB),st(2,ld(2)+ld(1)-ld(0));st(0,ld(1)));"
    f"if(gt(N,0)*lt(ld(0),ld(1)+{HOLE}/TB),st(0,ld(1)));"
    "st(1,ld(0)+S/SR/TB);"
    "ld(0)"
)
"""A clock that never goes back, and is exact to the sample where the source's is only nearly so."""
