"""Containers, codecs, rates, channels, made by ffmpeg: all of it comes out, in tune, and the same twice."""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from media import ffmpeg, pcm, pitch

from events.options import Channels, Format, Options
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.task import Equipment, Task
from workers.converter.ffmpeg.engine import Engine
from workers.converter.source.input import Input

SECONDS = 1.2
LEFT, RIGHT = 440, 1000
LAYOUTS = {1: ["mono"], 2: ["stereo"], 6: ["5.1"], 8: ["7.1"]}
VIDEO = ["-f", "lavfi", "-i", f"testsrc2=size=176x144:rate=25:duration={SECONDS}"]


class Case(NamedTuple):
    container: str
    codec: str
    rate: int
    channels: int
    to: str = "mp3"

    @property
    def name(self) -> str:
        return f"{self.container}-{self.codec}-{self.rate}-{self.channels}-{self.to}"


def _cases() -> list[Case]:
    table = """
    mp4 aac 44100 1 mp3|mp4 aac 44100 2 m4a|mp4 aac 48000 2 opus|mp4 aac 48000 6 mp3|mp4 aac 22050 1 ogg
    mp4 aac 8000 1 mp3|mp4 aac 96000 2 mp3|mp4 libmp3lame 44100 2 mp3|mp4 ac3 48000 6 m4a
    mp4 eac3 48000 6 flac|mp4 libopus 48000 2 ogg|mp4 flac 44100 2 wav|mp4 alac 44100 2 flac
    m4a aac 32000 2 mp3|m4a alac 96000 2 flac|mov pcm_s16le 44100 2 mp3|mov pcm_s16be 48000 2 wav
    mov pcm_s24le 48000 6 flac|mov adpcm_ima_qt 44100 1 mp3|mov pcm_mulaw 8000 1 mp3|mov aac 48000 8 wav
    3gp libopencore_amrnb 8000 1 mp3|mkv aac 44100 2 mp3|mkv aac 48000 6 opus|mkv libmp3lame 48000 2 mp3
    mkv ac3 48000 6 ogg|mkv eac3 48000 2 mp3|mkv dca 48000 6 wav|mkv truehd 48000 6 flac
    mkv libopus 48000 6 m4a|mkv libvorbis 44100 6 opus|mkv flac 96000 2 mp3|mkv pcm_s24le 48000 2 flac
    mkv pcm_f32le 44100 1 wav|mkv wavpack 44100 2 mp3|mkv tta 44100 2 mp3|mkv mp2 48000 2 mp3
    mkv alac 48000 2 m4a|webm libopus 48000 1 mp3|webm libopus 48000 2 opus|webm libvorbis 44100 2 ogg
    avi libmp3lame 44100 2 mp3|avi pcm_s16le 44100 2 mp3|avi ac3 48000 6 mp3|avi adpcm_ms 44100 2 mp3
    avi adpcm_ima_wav 22050 1 mp3|avi mp2 48000 2 opus|avi adpcm_yamaha 44100 1 mp3|ts aac 48000 2 mp3
    ts aac 44100 2 m4a|ts mp2 48000 2 mp3|ts ac3 48000 6 mp3|ts eac3 48000 2 m4a|ts libopus 48000 2 opus
    ts s302m 48000 2 wav|mpg mp2 44100 2 mp3|mpg ac3 48000 2 flac|vob pcm_dvd 48000 2 mp3
    flv libmp3lame 44100 2 mp3|flv aac 48000 2 m4a|flv nellymoser 22050 1 mp3|flv adpcm_swf 44100 1 mp3
    wma wmav2 44100 2 mp3|wma wmav1 44100 2 ogg|mxf pcm_s16le 48000 2 mp3|mxf pcm_s24le 48000 2 flac
    ogg libvorbis 44100 2 mp3|ogg libvorbis 48000 1 ogg|ogg libopus 48000 2 mp3|ogg flac 44100 2 flac
    wav pcm_u8 22050 1 mp3|wav pcm_s16le 11025 1 opus|wav pcm_s16le 44100 8 opus
    wav pcm_s24le 96000 2 wav|wav pcm_s32le 48000 2 flac|wav pcm_f32le 44100 2 m4a
    wav pcm_f64le 48000 2 flac|wav pcm_alaw 8000 1 mp3|wav adpcm_ms 44100 2 mp3
    wav pcm_s16le 44100 2 wav|aiff pcm_s16be 44100 2 mp3|aiff pcm_s24be 48000 2 flac
    caf pcm_s16le 44100 2 mp3|caf alac 44100 2 m4a|au pcm_s16be 44100 2 mp3|w64 pcm_s16le 48000 2 mp3
    tta tta 44100 2 flac|wv wavpack 44100 2 mp3|amr libopencore_amrnb 8000 1 ogg|ac3 ac3 48000 6 mp3
    eac3 eac3 48000 2 mp3|dts dca 48000 6 mp3|thd truehd 48000 2 flac|flac flac 44100 2 mp3
    mp2 mp2 44100 2 mp3|mp3 libmp3lame 44100 2 mp3|mp3 libmp3lame 24000 1 m4a|aac aac 44100 2 mp3
    aac aac 44100 2 m4a|voc pcm_u8 22050 1 mp3|rm real_144 8000 1 mp3|opus libopus 48000 2 m4a
    latm aac 48000 2 mp3
    """
    found = []
    for row in table.replace("\n", "|").split("|"):
        if words := row.split():
            container, codec, rate, channels, to = words
            found.append(Case(container, codec, int(rate), int(channels), to))
    return found


CASES = _cases()
LONG = [
    case for before, case in enumerate(CASES) if case.container in {each.container for each in CASES[:before]}
]
"""All but the first of each container."""
MOST = {Format.MP3: 2}
RATES = {
    Format.OPUS: (48000, 24000, 16000, 12000, 8000),
    Format.MP3: (48000, 44100, 32000, 24000, 22050, 8000),
}


def make(case: Case, directory: Path) -> Path:
    """Tones of different pitch left and right, and silence elsewhere."""
    path = directory / f"source.{case.container}"
    tones = [f"0.3*sin({LEFT}*2*PI*t)", f"0.3*sin({RIGHT}*2*PI*t)", *["0"] * (case.channels - 2)]
    layout = LAYOUTS[case.channels][0]
    sound = f"aevalsrc='{'|'.join(tones[: case.channels])}':c={layout}:s={case.rate}:d={SECONDS}"
    video = {"mxf": "mpeg2video", "mpg": "mpeg1video", "vob": "mpeg2video"}.get(case.container)
    picture = [*VIDEO, "-c:v", video] if video else []
    ffmpeg(
        *("-y", "-f", "lavfi", "-i", sound, *picture),
        *("-c:a", case.codec, "-ar", str(case.rate), "-strict", "-2"),
        *(("-f", "latm") if case.container == "latm" else ()),
        str(path),
    )
    return path


def test_there_are_at_least_sixty_cases_and_no_two_are_the_same() -> None:
    assert len(set(CASES)) == len(CASES) >= 60
    assert {case.to for case in CASES} == set(Format)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name, marks=[pytest.mark.long] * (case in LONG)) for case in CASES],
)
async def test_every_combination_comes_out_whole_in_tune_and_the_same_twice(
    engine: Engine, bench: Any, tmp_path: Path, case: Case
) -> None:
    source = make(case, tmp_path)
    options = Options(format=Format(case.to), channels=Channels.KEEP)
    hashes = set()
    for _ in range(2):
        with bench.holding(source) as (video, target):
            made = await convert(Task(Equipment(engine), Input.of(video), target, options))
            target.seek(0)
            hashes.add(hashlib.sha256(target.read()).hexdigest())
            heard = pcm(target, case.to)
    channels = min(case.channels, MOST.get(options.format, 8))
    assert len(hashes) == 1
    assert (made.channels, len(heard)) == (channels, channels)
    assert made.sample_rate == case.rate or case.rate not in RATES.get(options.format, (case.rate,))
    assert made.duration_seconds == pytest.approx(len(heard[0]) / made.sample_rate, abs=0.002)
    assert made.duration_seconds == pytest.approx(SECONDS, abs=0.05)
    assert pitch(heard[0], made.sample_rate) == pytest.approx(LEFT, rel=0.01)
    if channels > 1:
        assert pitch(heard[1], made.sample_rate) == pytest.approx(RIGHT, rel=0.01)
