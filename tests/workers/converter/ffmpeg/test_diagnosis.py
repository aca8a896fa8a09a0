import signal

import pytest

from workers.converter.containers.structure import Structure
from workers.converter.errors import (
    DiskFull,
    Encrypted,
    EngineFailed,
    NoAudio,
    NotMedia,
    TimedOut,
    TooHungry,
    TooLarge,
    TooLong,
    TooMuchWork,
    Truncated,
    UnsupportedCodec,
    UnsupportedLayout,
)
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.diagnosis import Evidence, diagnose, is_soundless, refusal
from workers.converter.ffmpeg.messages import Findings

TORN = Findings(codec="aac", length=10, broken=1)
MUTE = Findings(codec="aac", length=10, undecoded=400)
FEW = Findings(codec="aac", length=10, undecoded=2)
LIMITS = Limits(duration_seconds=100, output_bytes=5000, wall_seconds=60)
CUT = Structure(cut=True)
GUESS = Structure(cut=True, guesses_length=True)


def says(tail: str, codec: str = "", length: float | None = None) -> Findings:
    return Findings(tail=tail, codec=codec, length=length)


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        (Evidence(exit_code=0, seconds=10, findings=says("", "aac", 10)), None),
        (Evidence(exit_code=0, seconds=4, findings=says("", "aac", 10)), None),
        (Evidence(exit_code=0, seconds=10, findings=says("", "aac", 10), structure=CUT), None),
        (Evidence(exit_code=0, seconds=4, findings=says("", "aac", 10), structure=CUT), Truncated),
        (Evidence(exit_code=0, seconds=4, findings=says("", "aac", 4), structure=GUESS), Truncated),
        (Evidence(exit_code=0, seconds=4, findings=says("x: partial file\n", "aac", 10)), Truncated),
        (Evidence(exit_code=0, seconds=4, findings=says("File ended prematurely\n", "aac")), Truncated),
        (Evidence(exit_code=0, seconds=10, played=4, findings=says("", "aac", 10)), None),
        (Evidence(exit_code=0, seconds=10, played=4, findings=TORN), Truncated),
        (Evidence(exit_code=0, seconds=10, played=4, findings=MUTE), Truncated),
        (Evidence(exit_code=0, seconds=10, played=4, findings=FEW), None),
        (Evidence(exit_code=0, seconds=10, played=9.6, findings=TORN), None),
        (Evidence(exit_code=0, seconds=101, findings=says("", "aac", 500)), TooLong),
        (Evidence(exit_code=0, output_bytes=5000), TooLarge),
        (Evidence(exit_code=-signal.SIGXFSZ), TooLarge),
        (Evidence(exit_code=-signal.SIGKILL, overtime=True), TimedOut),
        (Evidence(exit_code=255, findings=says("Exiting normally, received signal 24.\n")), TooMuchWork),
        (Evidence(exit_code=-signal.SIGKILL), EngineFailed),
        (Evidence(exit_code=-signal.SIGSEGV, findings=says("", "aac")), EngineFailed),
        (Evidence(exit_code=125, findings=says("launcher: OSError: no\n")), EngineFailed),
        (Evidence(exit_code=228, findings=says("av_write: No space left on device\n", "aac")), DiskFull),
        (Evidence(exit_code=251, findings=says("fd:: Input/output error\n")), EngineFailed),
        (
            Evidence(exit_code=251, findings=says("[in#0 @ 0x5] Error opening input: Input/output error\n")),
            Truncated,
        ),
        (Evidence(exit_code=244, findings=says("Cannot allocate memory\n", "flac")), TooHungry),
        (Evidence(exit_code=234, findings=says("Stream map '' matches no streams.\n")), NoAudio),
        (Evidence(exit_code=183, findings=says("moov atom not found\nError opening input\n")), Truncated),
        (Evidence(exit_code=183, findings=says("Error opening input: Invalid data\n")), NotMedia),
        (Evidence(exit_code=183, findings=says("Error opening input\n"), structure=CUT), Truncated),
        (
            Evidence(exit_code=234, findings=says("[dec:x] Error while opening decoder\n", "x")),
            UnsupportedCodec,
        ),
        (
            Evidence(
                exit_code=234, findings=says('[aac @ 0x1] Unsupported channel layout "2 of 3"\n', "aac")
            ),
            UnsupportedLayout,
        ),
        (Evidence(exit_code=69, findings=says("Conversion failed!\n", "aac")), Truncated),
        (Evidence(exit_code=1, findings=says("something new\n")), EngineFailed),
    ],
)
def test_each_way_to_end_has_its_reason(ended: Evidence, verdict: type[Exception] | None) -> None:
    found = diagnose(ended, LIMITS)
    assert type(found) is (verdict or type(None)), found


def test_some_files_are_refused_without_asking_ffmpeg() -> None:
    assert type(refusal(0, Structure())) is NotMedia
    assert type(refusal(9, Structure(encrypted=True))) is Encrypted
    assert refusal(9, Structure(cut=True)) is None


def test_what_ours_fails_with_is_not_told_as_the_files_fault() -> None:
    found = diagnose(Evidence(exit_code=1, findings=says("first\nlast line\n")), LIMITS)
    assert str(found) == "ffmpeg ended with 1: last line"


def test_only_a_stream_that_is_empty_is_without_sound() -> None:
    """Other failures write nothing either, and some are trouble of ours."""
    assert is_soundless(says("[aost#0:0/aac @ 0x55] Empty output stream\nConversion failed!\n"))
    for tail in (
        "",
        "[out#0/mp3 @ 0x5] Error writing trailer: No space left on device\n",
        "[enc:libopus @ 0x5] Could not open encoder before EOF\n",
        "    title           : [aost#0:0/aac @ 0x55] Empty output stream\n",
    ):
        assert not is_soundless(says(tail))
