"""Errors between a video and its audio, grouped by what the converter does about them.

ConversionError      never going to work: published at once as `job.failed` with `.code` and the sentence
├── NoAudio  NotMedia  UnsupportedCodec  UnsupportedLayout
│   Encrypted  Truncated                                        the file is so
├── TrackMissing  OnlySilence  OutOfRange                         the options ask for what is not in it
├── TooLong  TooLarge  TooManyParts  TooHungry  TimedOut
│   TooMuchWork                                                   the file takes more than the limits
└── VideoLost                                                     the stored video is gone or damaged
DiskFull  StorageAway  EngineFailed     trouble of ours: tried again later
EngineUnfit  WorkDirUnfit               the converter does not start

The text of a ConversionError is one sentence for the person who uploaded. No text here holds an address.
"""

from collections.abc import Sequence
from typing import ClassVar

from events.errors import TonearmError, Unavailable
from events.media import Track
from events.types import FailureCode


class ConversionError(TonearmError):
    """This video will never become audio here. To try again is of no use."""

    code: ClassVar[FailureCode]

    sentence = None


class NoAudio(ConversionError):
    """No audio track."""

    code = FailureCode.NO_AUDIO

    def __init__(self) -> None:
        super().__init__("This video has no sound: there is no audio track in it.")


class NotMedia(ConversionError):
    """Not one of the containers on the list, or no container at all."""

    code = FailureCode.NOT_MEDIA

    def __init__(self, *, empty: bool = False) -> None:
        super().__init__(
            "This file is empty." if empty else "This file is not a video, or not of a kind that we can read."
        )


class UnsupportedCodec(ConversionError):
    """The audio's decoder is not on the list, or does not exist."""

    code = FailureCode.UNSUPPORTED_CODEC

    def __init__(self, codec: str = "") -> None:
        named = f" ({codec})" if codec else ""
        super().__init__(f"The sound in this video is in a format that we cannot decode{named}.")


class UnsupportedLayout(ConversionError):
    """The arrangement of the channels is one that nobody can mix."""

    code = FailureCode.UNSUPPORTED_LAYOUT

    def __init__(self) -> None:
        super().__init__(
            "The channels of the sound in this video are arranged in a way that we cannot convert."
        )


class Encrypted(ConversionError):
    """The audio track is protected (CENC, FairPlay)."""

    code = FailureCode.ENCRYPTED

    def __init__(self) -> None:
        super().__init__("This video is copy-protected: its sound is encrypted, so we cannot read it.")


class Truncated(ConversionError):
    """A part of the file is missing, or so damaged that it may as well be."""

    code = FailureCode.TRUNCATED

    def __init__(self, *, damaged: bool = False, convertible: bool = False) -> None:
        """`convertible`: a part of the sound can be had."""
        if damaged:
            what = "A part of the sound" if convertible else "The sound"
            said = f"{what} in this video is too damaged to be decoded."
        else:
            said = "This video is incomplete: a part of the file is missing. Please upload the whole file."
        super().__init__(f"{said} The option partial=true converts what is there." if convertible else said)


class TrackMissing(ConversionError):
    """No audio track has the number or language in the options. The sentence lists the tracks."""

    code = FailureCode.TRACK_MISSING

    def __init__(self, tracks: Sequence[Track]) -> None:
        named = ", ".join(
            f"{each.index} ({each.language or 'language not told'}, {each.codec})" for each in tracks[:16]
        )
        super().__init__(f"This video does not have the sound track that you asked for. It has: {named}.")


class OnlySilence(ConversionError):
    """Nothing is left without the silence at both ends."""

    code = FailureCode.ONLY_SILENCE

    def __init__(self) -> None:
        super().__init__("There is nothing but silence in the part that you asked for.")


class OutOfRange(ConversionError):
    """The part in the options begins after the end of the video, or of its `sound`; in seconds."""

    code = FailureCode.OUT_OF_RANGE

    def __init__(self, end: float, *, sound: bool = False) -> None:
        what = "the sound of this video" if sound else "this video"
        super().__init__(f"There is nothing in the part that you asked for: {what} ends after {_span(end)}.")


class TooLong(ConversionError):
    """The audio is longer than the limit, in seconds."""

    code = FailureCode.TOO_LONG

    def __init__(self, limit: float) -> None:
        super().__init__(f"This video is too long: we convert up to {_span(limit)} of sound.")


class TooLarge(ConversionError):
    """The audio takes more than the limit, in bytes."""

    code = FailureCode.TOO_LARGE

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The sound of this video would take more than {limit / 1e6:.0f} MB, which is too much."
        )


class TooManyParts(ConversionError):
    """It has more chapters than an album may have files."""

    code = FailureCode.TOO_LARGE

    def __init__(self, limit: int) -> None:
        super().__init__(f"This video has too many chapters: we make up to {limit} files of one.")


class TooHungry(ConversionError):
    """The decoder asked for more memory than it gets."""

    code = FailureCode.TOO_LARGE

    def __init__(self) -> None:
        super().__init__("Reading this video takes more memory than we can give to it.")


class TimedOut(ConversionError):
    """The conversion took longer than the limit, in seconds."""

    code = FailureCode.TIMED_OUT

    def __init__(self, limit: float) -> None:
        super().__init__(f"Converting this video took longer than {_span(limit)}, so we stopped.")


class TooMuchWork(ConversionError):
    """The conversion took more computing time than a file of its size and length should."""

    code = FailureCode.TIMED_OUT

    def __init__(self) -> None:
        super().__init__(
            "Converting this video took far more work than one of its size should, so we stopped."
        )


class VideoLost(ConversionError):
    """The stored video is gone (deleted meanwhile, expired) or not what was uploaded."""

    code = FailureCode.INTERNAL

    def __init__(self, *, damaged: bool = False) -> None:
        super().__init__(
            "The stored video is damaged. Please upload it again."
            if damaged
            else "The video is no longer stored. Please upload it again."
        )


class DiskFull(Unavailable):
    """There is no room in the work directory for now."""

    sentence = "Our disk has no room for this video right now."


class StorageAway(Unavailable):
    """The database does not answer, or refuses for now."""

    sentence = "Our storage does not answer right now."


class EngineFailed(Unavailable):
    """ffmpeg could not be started, was killed, or did what it never does."""

    sentence = "Our converter stopped before it was done."


class EngineUnfit(TonearmError):
    """ffmpeg is missing, too old to be given strangers' files, or lacks what we need."""


class WorkDirUnfit(TonearmError):
    """There is no work directory, or we may not write to it, or it is full from the start."""


def _span(seconds: float) -> str:
    """Return a span of time in the largest unit that it fills, rounded."""
    units = (("hour", 3600), ("minute", 60), ("second", 1))
    unit, size = next((each for each in units if round(seconds / each[1], 1) >= 1), units[-1])
    count = round(seconds / size, 1)
    return f"{count:g} {unit}{'' if count == 1 else 's'}"
