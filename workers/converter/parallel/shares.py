"""Shares out the encoding of one MP3: the start and the plan of each encoder. Pure."""

import math
from itertools import pairwise

from msgspec.structs import replace

from events.media import Media
from events.options import Format
from workers.converter.containers.mp3_frames import RATES
from workers.converter.ffmpeg.plan import ENCODER, Plan, rate_of, with_last

SHORTEST = 60.0
"""Seconds of sound, at least, for which it pays."""
_EACH = 25.0
"""Seconds that an encoder has for itself, at least."""
STEP = 49 * 1152
"""An encoder begins at a multiple of so many samples. So its frames are those of the whole, also in the
pattern of padding bytes, which at 44.1 kHz repeats after 49 frames."""
_SOONER = 0.9
"""With a variable bit rate the others begin earlier by this factor, as each one goes on for a while."""
_SHAPES = "sample_fmts=s32p|fltp|s16p:channel_layouts=mono|stereo"
"""The samples that LAME takes. ffmpeg chooses the same for the encoder of the whole."""


def fits(plan: Plan) -> bool:
    """Return True if a plan can be shared out."""
    return plan.format is Format.MP3 and not plan.copied and ENCODER in plan.output


def starts(
    plan: Plan, media: Media, encoders: int, shortest: float = SHORTEST, longest: float = math.inf
) -> list[int]:
    """Return the samples at which all encoders but the first begin; none where it does not pay or work.

    A sound longer than `longest` is going to be refused, and not worth the hurry. Lengths are in seconds.

    Each encoder decodes the source from its beginning, and throws away what it does not encode. So it does
    not matter how exactly one can seek in the container, or what a decoder remembers.
    """
    seconds, hertz = plan.expected_seconds or media.duration_seconds, rate_in(plan, media)
    if not shortest <= seconds <= longest or hertz not in RATES:
        return []
    count = min(encoders, round(seconds / min(_EACH, shortest / 2)))
    shared = seconds * hertz * (_SOONER if "-q:a" in plan.output else 1.0)
    found = [round(shared * at / count / STEP) * STEP for at in range(count)]
    return found[1:] if all(low < high for low, high in pairwise(found)) else []


def later(plan: Plan, start: int) -> Plan:
    """Return the plan of an encoder that begins at this sample of the whole."""
    asked = rate_of(plan)
    rates = str(asked) if asked else "|".join(map(str, sorted(RATES)))
    cut = f"aformat={_SHAPES}:sample_rates={rates},atrim=start_sample={start}"
    cutting = with_last(plan, cut)
    if plan.uniform:
        return cutting
    # Where the decoder's output changes, as from stereo to mono, a filter would count anew: then this encoder
    # has to fail.
    return replace(cutting, input=("-reinit_filter:a", "0", *plan.input))


def rate_in(plan: Plan, media: Media) -> int:
    """Return the sample rate of a plan's result; 0: not known."""
    if asked := rate_of(plan):
        return asked
    track = int(plan.output[plan.output.index("-map") + 1].rpartition(":")[2])
    return media.tracks[track].sample_rate if track < len(media.tracks) else 0


def samples(rate: int) -> int:
    """Return the samples in a frame of this rate."""
    return 1152 if rate >= 32000 else 576
