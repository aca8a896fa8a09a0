"""The subtitles of a video, as transcripts of the sound that was made of it."""

import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hall import Hall
from media import ffmpeg

from events.options import Chapters, Options
from service.transcripts.cues import MOST_TEXT, Cue
from service.transcripts.reading import read as cues_of
from workers.converter.containers.inspection import inspect
from workers.converter.conversion.album import texts_beside
from workers.converter.conversion.conversion import convert
from workers.converter.conversion.result import Text
from workers.converter.conversion.task import Equipment, Task
from workers.converter.errors import TooLarge
from workers.converter.ffmpeg import process
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.subtitles import MOST_TRACKS
from workers.converter.source.input import Input
from workers.converter.source.pipe import PipeWriter, filled_pipe

SUBRIP = """1
00:00:00,500 --> 00:00:01,500
<i>Good</i> morning & <b>you</b>

2
00:00:02,000 --> 00:00:04,000
{\\an8}Second line
and a third

3
00:00:05,000 --> 00:00:05,500
The end
"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, \
Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, \
MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:03.00,0:00:05.00,Default,Anna,0,0,0,,{\\i1}Guten{\\i0} Tag,\\Nzweite Zeile
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 100{\\p0}
"""
SAID = (
    Cue(0.5, 1.5, "Good morning & you"),
    Cue(2.0, 4.0, "Second line\nand a third"),
    Cue(5.0, 5.5, "The end"),
)
KINDS = [
    ("srt.mkv", "srt", "subrip"),
    ("vtt.webm", "webvtt", "webvtt"),
    ("ass.mkv", "ass", "ass"),
    ("text.mp4", "mov_text", "mov_text"),
    ("text.mov", "mov_text", "mov_text"),
]


@pytest.fixture
def subtitled(hall: Hall) -> Any:
    """Make a video of six seconds with subtitles; with `late`, all of it begins so much later."""

    def make(name: str, codec: str, *arguments: str) -> Path:
        text = hall.directory / "text.srt"
        text.write_text(SUBRIP)
        path = hall.directory / name
        video = ["-c:v", "libvpx", "-c:a", "libopus"] if name.endswith("webm") else ["-c:v", "mpeg4"]
        ffmpeg(
            *("-y", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=6"),
            *("-f", "lavfi", "-i", "sine=duration=6", "-i", str(text), "-map", "0", "-map", "1", "-map", "2"),
            *(
                *video,
                "-c:s",
                codec,
                "-metadata:s:s:0",
                "language=eng",
                "-metadata:s:s:0",
                "title=All: of it",
            ),
            *(*arguments, str(path)),
        )
        return path

    return make


@pytest.mark.parametrize(("name", "codec", "told"), KINDS)
async def test_each_kind_of_text_track_becomes_a_transcript(
    hall: Hall, subtitled: Any, name: str, codec: str, told: str
) -> None:
    made = await hall.convert(subtitled(name, codec))
    (track,) = made.media.subtitles
    assert (track.index, track.codec, track.language, track.title) == (0, told, "eng", "All: of it")
    (text,) = made.texts
    assert (text.track, text.language) == (0, "en")
    assert text.cues == SAID


async def test_cut_speed_and_trimmed_silence_move_the_cues_as_the_sound_is_moved(
    hall: Hall, subtitled: Any
) -> None:
    source = subtitled("srt.mkv", "srt")
    made = await hall.convert(source, start=1.0, end=5.2, speed=2.0)
    (text,) = made.texts
    assert text.cues == (
        Cue(0.0, 0.25, SAID[0].text),
        Cue(0.5, 1.5, SAID[1].text),
        Cue(2.0, 2.1, SAID[2].text),
    )
    silent = hall.directory / "silent.mkv"
    ffmpeg(
        "-y",
        "-i",
        str(source),
        "-map",
        "0",
        "-c",
        "copy",
        "-c:a",
        "aac",
        "-af",
        "volume=0:enable='lt(t,1)'",
        str(silent),
    )
    made = await hall.convert(silent, trim_silence=True)
    assert made.silence_cut == pytest.approx(1, abs=0.05)
    assert [round(each.start, 1) for each in made.texts[0].cues] == [0.0, 1.0, 4.0]


async def test_a_part_in_which_nobody_speaks_has_no_transcript(hall: Hall, subtitled: Any) -> None:
    made = await hall.convert(subtitled("srt.mkv", "srt"), start=4.1, end=4.9)
    assert len(made.media.subtitles) == 1
    assert made.texts == ()


async def test_tracks_are_read_in_one_run_and_pictures_of_letters_are_none(
    hall: Hall, subtitled: Any
) -> None:
    source, ass = subtitled("srt.mkv", "srt"), hall.directory / "b.ass"
    ass.write_text(ASS)
    many = hall.directory / "many.mkv"
    ffmpeg(
        *("-y", "-i", str(source), "-i", str(ass), "-f", "lavfi", "-i", "color=size=64x48:duration=0.1"),
        *("-map", "0", "-map", "1", "-map", "0:s", "-c", "copy"),
        *("-metadata:s:s:1", "language=deu", "-disposition:s:1", "forced", str(many)),
    )
    made = await hall.convert(many)
    assert [(e.codec, e.language, e.forced) for e in made.media.subtitles] == [
        ("subrip", "eng", False),
        ("ass", "deu", True),
        ("subrip", "eng", False),
    ]
    assert [each.track for each in made.texts] == [0, 1, 2]
    assert made.texts[1].cues == (Cue(3.0, 5.0, "Guten Tag,\nzweite Zeile"),)


async def test_a_recording_that_begins_late_keeps_its_words_at_their_sound(
    hall: Hall, subtitled: Any
) -> None:
    for name, codec in (("late.mkv", "srt"), ("late.mp4", "mov_text")):
        source = subtitled(name, codec)
        late = hall.directory / f"2{name}"
        ffmpeg("-y", "-i", str(source), "-map", "0", "-c", "copy", "-output_ts_offset", "7", str(late))
        made = await hall.convert(late)
        assert [round(each.start, 1) for each in made.texts[0].cues] == [0.5, 2.0, 5.0], name


async def test_subtitles_cost_nothing_where_there_are_none_and_one_run_where_there_are(
    hall: Hall, subtitled: Any, spent: list[process.Outcome]
) -> None:
    await hall.convert(hall.source("0.3*sin(440*2*PI*t)"))
    assert len(spent) == 1
    spent.clear()
    await hall.convert(subtitled("text.mp4", "mov_text"))
    assert len(spent) == 2


async def test_damaged_subtitles_fail_nothing(hall: Hall, subtitled: Any) -> None:
    source = subtitled("srt.mkv", "srt")
    spoilt = source.read_bytes().replace(b"Second line", b"\xff\xfe\x00\x1b[31m\x80\x80\x80")
    (hall.directory / "spoilt.mkv").write_bytes(spoilt)
    made = await hall.convert(hall.directory / "spoilt.mkv")
    assert all("\x1b" not in cue.text and "\0" not in cue.text for text in made.texts for cue in text.cues)
    assert made.texts[0].cues[-1] == SAID[2]


async def test_words_before_a_sound_that_begins_late_keep_their_time(hall: Hall, subtitled: Any) -> None:
    source, late = subtitled("srt.mkv", "srt"), hall.directory / "late.mkv"
    ffmpeg(
        *("-y", "-i", str(source), "-itsoffset", "3", "-i", str(source), "-map", "0:v", "-map", "1:a"),
        *("-map", "0:s", "-c", "copy", "-c:v", "libx264", "-bf", "2", str(late)),
    )
    made = await hall.convert(late)
    assert made.texts[0].cues == SAID


async def test_a_zip_of_chapters_has_the_words_of_each_beside_its_sound(hall: Hall, subtitled: Any) -> None:
    made = await hall.convert(
        subtitled("srt.mkv", "srt"), chapters=Chapters.SPLIT, marks="0:00 One\n0:03 Two\n0:04.2 Three"
    )
    assert (made.parts, made.texts) == (3, ())
    with zipfile.ZipFile(hall.result) as archive:
        names = [
            f"{name}.{ending}" for name in ("01 One", "02 Two", "03 Three") for ending in ("mp3", "en.vtt")
        ]
        assert archive.namelist() == names
        assert cues_of(archive.read("01 One.en.vtt")) == (SAID[0], Cue(2.0, 3.0, SAID[1].text))
        assert cues_of(archive.read("02 Two.en.vtt")) == (Cue(0.0, 1.0, SAID[1].text),)


async def test_words_that_each_chapter_has_anew_count_as_bytes_of_the_zip(hall: Hall, subtitled: Any) -> None:
    long = hall.directory / "long.srt"
    long.write_text("".join(f"{n}\n00:00:00,000 --> 00:00:06,000\n{n} {'x' * 1000}\n\n" for n in range(300)))
    many = hall.directory / "many.mkv"
    source = subtitled("srt.mkv", "srt")
    ffmpeg(
        *("-y", "-i", str(source), "-i", str(long)),
        *("-map", "0:v", "-map", "0:a", "-map", "1", "-c", "copy", str(many)),
    )
    with pytest.raises(TooLarge):
        await hall.convert(
            many,
            Limits(output_bytes=700_000),
            chapters=Chapters.SPLIT,
            marks="0:00 One\n0:02 Two\n0:04 Three",
        )


def test_texts_beside_a_file_have_names_of_their_own() -> None:
    cues = (Cue(0, 1, "a"),)
    texts = [Text(0, "en", cues), Text(1, "en", cues), Text(2, "", cues), Text(3, "", cues)]
    names = [name for name, _ in texts_beside("01 A. B.mp3", texts)]
    assert names == ["01 A. B.en.vtt", "01 A. B.en.1.vtt", "01 A. B.vtt", "01 A. B.3.vtt"]


async def test_shortened_pauses_move_the_words_behind_them(hall: Hall) -> None:
    sound = hall.source("0.5*sin(440*2*PI*t)*(lt(t,1)+gt(t,4))", name="pause.mkv")
    text, source = hall.directory / "text.srt", hall.directory / "words.mkv"
    text.write_text(SUBRIP)
    ffmpeg("-y", "-i", str(sound), "-i", str(text), "-map", "0", "-map", "1", "-c", "copy", str(source))
    made = await hall.convert(source, shorten_pauses=1.0)
    assert made.seconds_saved == pytest.approx(2, abs=0.3)
    assert made.texts[0].cues[-1].start == pytest.approx(5 - made.seconds_saved, abs=0.02)
    assert made.texts[0].cues[-1].end <= made.duration_seconds


async def test_as_many_tracks_as_may_be_are_read_however_much_they_say(hall: Hall, subtitled: Any) -> None:
    long = hall.directory / "long.srt"
    long.write_text(
        "".join(f"{n}\n00:00:0{n % 6},000 --> 00:00:06,000\n{n} {'x' * 1000}\n\n" for n in range(6000))
    )
    source, many = subtitled("srt.mkv", "srt"), hall.directory / "many.mkv"
    copies = (each for _ in range(MOST_TRACKS) for each in ("-map", "0:s"))
    ffmpeg(
        *("-y", "-i", str(source), "-i", str(long), "-map", "0:v", "-map", "0:a", "-map", "1"),
        *(*copies, "-c", "copy", str(many)),
    )
    made = await hall.convert(many)
    assert len(made.media.subtitles) == MOST_TRACKS + 1
    assert [each.track for each in made.texts] == list(range(MOST_TRACKS))
    assert [each.cues for each in made.texts[1:]] == [SAID] * (MOST_TRACKS - 1)
    assert MOST_TEXT * 0.9 < sum(len(each.text) for each in made.texts[0].cues) <= MOST_TEXT


async def test_words_come_through_a_pipe_as_from_a_file(hall: Hall, subtitled: Any, engine: Engine) -> None:
    source = subtitled("srt.mkv", "srt")

    async def fill(into: PipeWriter) -> None:
        await into.write(source.read_bytes())

    with (
        source.open("rb", buffering=0) as video,
        (hall.directory / "made").open("w+b", buffering=0) as target,
    ):
        piped = Input(video, inspect(video), partial(filled_pipe, fill))
        made = await convert(Task(Equipment(engine), piped, target, Options(start=1.0)))
    assert [each.start for each in made.texts[0].cues] == [0.0, 1.0, 4.0]
