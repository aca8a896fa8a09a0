"""Gives one form to a sound whose rate or channels change on the way. Pure.

When the form of the decoded samples changes, ffmpeg sets up its filters anew. All that a filter remembers is
lost then: the number of the sample, the place of a fade, silence at the end. So such a sound goes through two
sets of filters in the same process:

    source -> decoder -> mix, resample -> "null" output of PCM -> decoder -> all other filters -> encoder

Only the first set is made anew, and what stands in it remembers nothing. ffmpeg stands still for ever if the
second output gets ahead of the first by its clock, as at half the speed. So the first one's clock is set
forward by `CLOCK`, runs like the result's, and is set back behind the second decoder.

AAC is special: ffmpeg guesses the times that its packets lack by the rate at the beginning. So it may not.
"""

import re

from msgspec.structs import replace

from events.media import Media, Track
from events.options import Options
from workers.converter.ffmpeg.dump import channels_of
from workers.converter.ffmpeg.filters import channels_out
from workers.converter.ffmpeg.messages import CLOCK, Shape

UNFILLED = ("-fflags", "+nofillin")
"""Keeps ffmpeg from guessing the times that packets lack; its decoder knows them by the samples."""
OUTPUT = ("-c:a", "pcm_f32le")
LOOP = ("-f", "null", "fd:", "-dec", "0:0")
INTO, OUT = "[dec:0]", "[sound]"
_UNTIMED = ("aac", "loas", "mpegts")
"""Containers of AAC in which many packets have no time, or all."""
_STEREO = (
    "pan=stereo"
    "|FL<FL+DL+0.707107*FC+0.707107*SL+0.707107*BL+0.5*BC"
    "|FR<FR+DR+0.707107*FC+0.707107*SR+0.707107*BR+0.5*BC"
)
"""ITU-R BS.775 for whatever channels there are: the factors of those are scaled to a sum of 1."""
_NAMED = re.compile(r"[a-z]+(?:\([a-z]+\))?|\d{1,2}(?:\.\d){1,2}(?:\([a-z-]+\))?")
"""The names that ffmpeg has for layouts. All else may be a file's own words, and those are for no filter."""


def widest(options: Options, track: Track, shapes: tuple[Shape, ...]) -> Track:
    """Return the track in the one form that loses nothing: the highest rate, the most channels in use."""
    if not shapes:
        return track
    layouts = [each for each in (track.layout, *(each.layout for each in shapes)) if _NAMED.fullmatch(each)]
    layout = max(layouts, key=channels_of, default="stereo")
    rates = [each.sample_rate for each in shapes]
    wide = replace(
        track,
        sample_rate=max(track.sample_rate, *rates) or 48000,
        channels=channels_of(layout),
        layout=layout,
    )
    if wide.channels > 2 >= channels_out(options, wide):
        return replace(wide, channels=2, layout="stereo")
    return wide


def first_filters(options: Options, track: Track, seek: float) -> list[str]:
    """Return the filters that give the samples the track's form, and set the clock forward."""
    return [_mixed(track), f"asetpts=({CLOCK:.0f}+(T-{_start(options, seek)})/{options.speed:.6f})/TB"]


def lacks_times(media: Media) -> bool:
    """Return True if the packets of this container lack times, which `UNFILLED` leaves to the decoder."""
    return media.container in _UNTIMED


def restored(options: Options, media: Media, track: Track, seek: float) -> str:
    """Return the filter that brings the source's times back. Unfilled ones do not begin with the track's."""
    if lacks_times(media):
        return f"asetpts=((T-STARTT)*{options.speed:.6f}+{track.start:.6f})/TB"
    return f"asetpts=((T-{CLOCK:.0f})*{options.speed:.6f}+{_start(options, seek)})/TB"


def _start(options: Options, seek: float) -> str:
    return f"{options.start - seek:.6f}"


def _mixed(track: Track) -> str:
    if track.channels == 2:
        return _STEREO
    return f"aresample=ochl={track.layout}:rematrix_maxval=1"
