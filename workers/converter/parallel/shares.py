"""How one MP3's making is shared out: which encoder begins where, and what it is told. Pure."""

import math
from itertools import pairwise

from msgspec.structs import replace

from events.media import Media
from events.options import Format
from workers.converter.containers.mp3_frames import RATES
from workers.converter.ffmpeg.plan import Plan

SHORTEST = 60.0
"""Seconds of sound for which it pays."""
_EACH = 25.0
"""Seconds that an encoder has for itself at least."""
STEP = 49 * 1152
"""Samples at whose multiples an encoder begins: then its frames are those of the whole, also in the pattern
of padding bytes, which at 44.1 kHz comes round after 49 frames."""
_SOONER = 0.9
"""With a variable bit rate others begin sooner by this, as an earlier one goes on for a while."""
_SHAPES = "sample_fmts=s32p|fltp|s16p:channel_layouts=mono|stereo"
"""What LAME takes. The encoder of the whole is given the same, by the same choice of ffmpeg's."""
_ENCODER = "-c:a"


def fits(plan: Plan) -> bool:
    """Tell whether a plan is one that could be shared out."""
    return plan.format is Format.MP3 and not plan.copied and _ENCODER in plan.output


def starts(
    plan: Plan, media: Media, encoders: int, shortest: float = SHORTEST, longest: float = math.inf
) -> list[int]:
    """Return the samples at which encoders but the first begin; none where it does not pay or cannot be.

    What lasts more than `longest` is going to be refused, and worth no hurry.

    Each decodes the source from its beginning, and throws away what it does not encode: so it does not
    matter how exactly a container can be sought, or what a decoder remembers.
    """
    seconds, hertz = plan.expected_seconds or media.duration_seconds, rate_of(plan, media)
    if not shortest <= seconds <= longest or hertz not in RATES:
        return []
    count = min(encoders, round(seconds / min(_EACH, shortest / 2)))
    shared = seconds * hertz * (_SOONER if "-q:a" in plan.output else 1.0)
    found = [round(shared * at / count / STEP) * STEP for at in range(count)]
    return found[1:] if all(low < high for low, high in pairwise(found)) else []


def later(plan: Plan, start: int) -> Plan:
    """Return the plan of an encoder that begins at a sample of what the whole's would encode."""
    output = list(plan.output)
    rates = str(_asked(plan)) if _asked(plan) else "|".join(map(str, sorted(RATES)))
    cut = f"aformat={_SHAPES}:sample_rates={rates},atrim=start_sample={start}"
    if "-af" in output:
        output[output.index("-af") + 1] += f",{cut}"
    else:
        output[output.index(_ENCODER) : output.index(_ENCODER)] = ["-af", cut]
    # A filter begins to count anew where the decoder's output becomes another, as from stereo to mono: then
    # this encoder has to fail.
    return replace(plan, input=("-reinit_filter:a", "0", *plan.input), output=tuple(output))


def rate_of(plan: Plan, media: Media) -> int:
    """Return the sample rate of what a plan makes; 0: not known."""
    track = int(plan.output[plan.output.index("-map") + 1].rpartition(":")[2])
    return _asked(plan) or (media.tracks[track].sample_rate if track < len(media.tracks) else 0)


def samples(rate: int) -> int:
    """Return how many samples a frame of this rate has."""
    return 1152 if rate >= 32000 else 576


def _asked(plan: Plan) -> int:
    return int(plan.output[plan.output.index("-ar") + 1]) if "-ar" in plan.output else 0
