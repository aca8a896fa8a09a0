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
)
from workers.converter.ffmpeg.command import Limits
from workers.converter.ffmpeg.diagnosis import Ended, diagnose, refuse
from workers.converter.ffmpeg.transcript import Heard

TORN = Heard(codec="aac", length=10, broken=1)
MUTE = Heard(codec="aac", length=10, undecoded=400)
FEW = Heard(codec="aac", length=10, undecoded=2)
LIMITS = Limits(duration_seconds=100, output_bytes=5000, wall_seconds=60)
CUT = Structure(cut=True)
GUESS = Structure(cut=True, guesses_length=True)


def says(tail: str, codec: str = "", length: float | None = None) -> Heard:
    return Heard(tail=tail, codec=codec, length=length)


@pytest.mark.parametrize(
    ("ended", "verdict"),
    [
        (Ended(exit_code=0, seconds=10, heard=says("", "aac", 10)), None),
        (Ended(exit_code=0, seconds=4, heard=says("", "aac", 10)), None),
        (Ended(exit_code=0, seconds=10, heard=says("", "aac", 10), structure=CUT), None),
        (Ended(exit_code=0, seconds=4, heard=says("", "aac", 10), structure=CUT), Truncated),
        (Ended(exit_code=0, seconds=4, heard=says("", "aac", 4), structure=GUESS), Truncated),
        (Ended(exit_code=0, seconds=4, heard=says("x: partial file\n", "aac", 10)), Truncated),
        (Ended(exit_code=0, seconds=4, heard=says("File ended prematurely\n", "aac")), Truncated),
        (Ended(exit_code=0, seconds=10, played=4, heard=says("", "aac", 10)), None),
        (Ended(exit_code=0, seconds=10, played=4, heard=TORN), Truncated),
        (Ended(exit_code=0, seconds=10, played=4, heard=MUTE), Truncated),
        (Ended(exit_code=0, seconds=10, played=4, heard=FEW), None),
        (Ended(exit_code=0, seconds=10, played=9.6, heard=TORN), None),
        (Ended(exit_code=0, seconds=101, heard=says("", "aac", 500)), TooLong),
        (Ended(exit_code=0, output_bytes=5000), TooLarge),
        (Ended(exit_code=-signal.SIGXFSZ), TooLarge),
        (Ended(exit_code=-signal.SIGKILL, overtime=True), TimedOut),
        (Ended(exit_code=255, heard=says("Exiting normally, received signal 24.\n")), TooMuchWork),
        (Ended(exit_code=-signal.SIGKILL), EngineFailed),
        (Ended(exit_code=-signal.SIGSEGV, heard=says("", "aac")), EngineFailed),
        (Ended(exit_code=125, heard=says("launcher: OSError: no\n")), EngineFailed),
        (Ended(exit_code=228, heard=says("av_write: No space left on device\n", "aac")), DiskFull),
        (Ended(exit_code=251, heard=says("fd:: Input/output error\n")), EngineFailed),
        (
            Ended(exit_code=251, heard=says("[in#0 @ 0x5] Error opening input: Input/output error\n")),
            Truncated,
        ),
        (Ended(exit_code=244, heard=says("Cannot allocate memory\n", "flac")), TooHungry),
        (Ended(exit_code=234, heard=says("Stream map '' matches no streams.\n")), NoAudio),
        (Ended(exit_code=183, heard=says("moov atom not found\nError opening input\n")), Truncated),
        (Ended(exit_code=183, heard=says("Error opening input: Invalid data\n")), NotMedia),
        (Ended(exit_code=183, heard=says("Error opening input\n"), structure=CUT), Truncated),
        (Ended(exit_code=234, heard=says("[dec:x] Error while opening decoder\n", "x")), UnsupportedCodec),
        (Ended(exit_code=69, heard=says("Conversion failed!\n", "aac")), Truncated),
        (Ended(exit_code=1, heard=says("something new\n")), EngineFailed),
    ],
)
def test_each_way_to_end_has_its_reason(ended: Ended, verdict: type[Exception] | None) -> None:
    found = diagnose(ended, LIMITS)
    assert type(found) is (verdict or type(None)), found


def test_some_files_are_refused_without_asking_ffmpeg() -> None:
    assert type(refuse(0, Structure())) is NotMedia
    assert type(refuse(9, Structure(encrypted=True))) is Encrypted
    assert refuse(9, Structure(cut=True)) is None


def test_what_ours_fails_with_is_not_told_as_the_files_fault() -> None:
    found = diagnose(Ended(exit_code=1, heard=says("first\nlast line\n")), LIMITS)
    assert str(found) == "ffmpeg ended with 1: last line"
