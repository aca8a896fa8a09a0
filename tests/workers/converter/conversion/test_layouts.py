"""Every arrangement of channels comes out in every format, in the order that the options promise."""

from pathlib import Path

import pytest
from hall import Hall
from media import ffmpeg, level, pitch

from events.options import Channels, Format

CASES = Path(__file__).parents[1] / "cases"
ODD = ["FL+LFE", "BC", "FL+FR+FC+BC+TFL"]
"""Names of the speakers, in an arrangement that encoders have no name for."""


@pytest.mark.parametrize("format_", Format)
async def test_ambisonics_become_stereo(hall: Hall, format_: Format) -> None:
    made = await hall.convert(CASES / "ambisonic.mkv", format=format_)
    heard = hall.heard()
    assert (made.channels, len(heard)) == (2, 2)
    assert made.duration_seconds == pytest.approx(3, abs=0.05)
    assert max(map(level, heard)) > 0.01
    made = await hall.convert(CASES / "ambisonic.mkv", format=format_, channels=Channels.MONO)
    assert (made.channels, len(hall.heard())) == (1, 1)


@pytest.mark.parametrize("layout", ODD)
@pytest.mark.parametrize(
    "format_",
    [
        Format.MP3,
        Format.M4A,
        *[
            pytest.param(each, marks=pytest.mark.long)
            for each in (Format.OPUS, Format.OGG, Format.FLAC, Format.WAV)
        ],
    ],
)
async def test_channels_without_a_known_arrangement_keep_their_order(
    hall: Hall, layout: str, format_: Format
) -> None:
    count = len(layout.split("+"))
    tones = "|".join(f"0.2*sin({440 + 200 * at}*2*PI*t)" for at in range(count))
    source = hall.directory / "odd.wav"
    ffmpeg("-y", "-f", "lavfi", "-i", f"aevalsrc='{tones}':c={layout}:d=2:s=48000", str(source))
    made = await hall.convert(source, format=format_)
    kept = min(count, 2) if format_ is Format.MP3 else count
    heard = hall.heard()
    assert (made.channels, len(heard)) == (kept, kept)
    if format_ not in (Format.OPUS, Format.OGG) or count < 3:  # whose decoders tell them in another order
        found = [pitch(each, made.sample_rate) for each in heard[:2]]
        assert found == pytest.approx([440, 640][: len(found)], rel=0.02)


async def test_a_channel_that_only_the_container_names_is_mono(hall: Hall) -> None:
    source = hall.source("0.3*sin(440*2*PI*t)", "-c:a", "tta", name="mono.tta", seconds=2)
    made = await hall.convert(source, format=Format.M4A)
    assert (made.channels, len(hall.heard())) == (1, 1)
