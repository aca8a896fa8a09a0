"""ffmpeg's filters for the samples between decoder and encoder. Pure.

In this order: holes filled and cut (see `timeline`), mixing down, speed, pauses shortened (see `pauses`),
silence cut off, loudness, fades. Some options need to know the sound (loudness, fades at the end, silence,
pauses). For them a first pass measures all of it, see `measurement`.

**Mixing down.** More channels than wanted become stereo by ITU-R BS.775 with the scale that makes clipping
impossible: left = (L + 0.707 C + 0.707 Ls [+ 0.707 Lb]) / (sum of those factors), right alike; the
low-frequency channel is left out. For 5.1 that is 0.414 L + 0.293 C + 0.293 Ls. Mono is the mean of left
and right. Mono to stereo is the same on both sides, as loud as it was. Of more than 8 channels, or of an
unknown arrangement of them, the first two are taken; where no mixing is asked, they keep their order.
Ambisonics (ACN, SN3D) become what two microphones hear to both sides: (W + Y) / 2 and (W - Y) / 2.
"""

import re
from collections.abc import Sequence

from events.media import Media, Track
from events.options import Channels, Format, Options
from workers.converter.ffmpeg.measurement import Measurement
from workers.converter.ffmpeg.pauses import Shortening
from workers.converter.ffmpeg.timeline import timely
from workers.converter.ffmpeg.words import SCRIPT

COUNTING = "astats=measure_perchannel=none:measure_overall=Number_of_samples"
"""Tells the number of samples, see `measurement.counted`."""
SILENCE = "-50dB"
"""A sound whose peaks stay below it for `SILENT_SECONDS` is silence."""
SILENT_SECONDS = 0.1
_CENTRE = "ochl=stereo:rematrix_maxval=1:clev=0.70710678:slev=0.70710678:lfe_mix_level=0"
_LAYOUTS = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""The layouts that encoders know for so many channels."""
_MOST = 8
_ORDERED = {1: "mono", 2: "stereo"} | _LAYOUTS
_AMBISONIC = "pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1"


def metering(window: int, descriptor: int) -> str:
    """Return the filters that measure windows of so many samples, see `meter`.

    Their numbers go to a descriptor. What a file has written into its packets is deleted first:
    none of it goes through the pipe.
    """
    return (
        f"ametadata=delete,asetnsamples={window}:p=0"
        ",astats=measure_perchannel=none:measure_overall=Min_level+Max_level+Peak_level:metadata=1:reset=1:length=0"
        f",ametadata=print:file=pipe\\\\:{descriptor}"
    )


def need_measurement(options: Options) -> bool:
    """Return True if a first pass is needed."""
    return (
        options.loudness is not None
        or options.trim_silence
        or options.shorten_pauses is not None
        or options.fade_out > 0
    )


def first_filters(options: Options, media: Media, track: Track, seek: float) -> list[str]:
    """Return the first filters, for the first pass too: cut, channels, speed. `seek`: seconds skipped."""
    filters = [*_ordered(track), *timely(options, media, track, seek), *_mixed(options, track)]
    if options.speed != 1:
        # One step of more than 2 would leave samples out instead of blending them.
        steps = [2.0, options.speed / 2] if options.speed > 2 else [options.speed]
        filters += [f"atempo={step:.6f}" for step in steps]
    return filters


def last_filters(options: Options, measured: Measurement | None) -> list[str]:
    """Return the last filters, by the measurement: silence, loudness, fades."""
    if measured is None and not options.fade_in:
        return []
    filters = ["asetpts=PTS-STARTPTS"]
    shortened = measured.shortening if measured else Shortening()
    filters += shortened.filters()
    length = measured.seconds if measured else 0.0
    if measured and options.trim_silence:
        end = length if measured.silent_from is None else measured.silent_from
        filters += [f"atrim=start={measured.silent_until:.6f}:end={end:.6f}", "asetpts=PTS-STARTPTS"]
        length = end - measured.silent_until
    if shortened.cuts:
        filters.append("asetpts=N/SR/TB")
        length -= shortened.seconds
    if measured and (gain := gain_of(options, measured)):
        filters.append(f"volume={gain:.2f}dB:precision=double")
    if options.fade_in:
        filters.append(f"afade=t=in:st=0:d={options.fade_in:.6f}")
    return filters + _faded_out(options, length)


def _faded_out(options: Options, length: float) -> list[str]:
    if not options.fade_out:
        return []
    return [f"afade=t=out:st={max(length - options.fade_out, 0):.6f}:d={options.fade_out:.6f}"]


def gain_of(options: Options, measured: Measurement) -> float:
    """Return the gain in dB that reaches the loudness, or less where the true peak would be too high.

    One gain for all of it, so that the dynamics stay as they are.
    """
    if options.loudness is None or measured.loudness is None:
        return 0.0
    gain = options.loudness - measured.loudness
    if measured.true_peak is not None:
        gain = min(gain, options.true_peak - measured.true_peak)
    return round(gain, 2)


def measuring_filters(options: Options, rate: int, window: int) -> list[str]:
    """Return the filters that only measure. `rate`: that at which samples are counted, too; 0: not.

    `window`: samples of each window that is measured; 0: none is.

    `loudnorm` works at 192 kHz and in steps of 0.1 s, so its end is not that of the sound.
    """
    filters = ["asetpts=PTS-STARTPTS"]
    if window:
        filters.append(metering(window, SCRIPT))
    if rate:
        filters += [f"aformat=sample_rates={rate}", COUNTING]
    if options.trim_silence:
        filters.append(f"silencedetect=noise={SILENCE}:d={SILENT_SECONDS}")
    if options.loudness is not None:
        filters.append(f"loudnorm=I={options.loudness}:TP={options.true_peak}:print_format=json")
    return filters


def channels_out(options: Options, track: Track) -> int:
    """Return the channels of the result; 0 when those of the source are not known."""
    most = 2 if options.format is Format.MP3 else _MOST
    kept = 2 if _is_ambisonic(track) else track.channels
    wanted = {Channels.MONO: 1, Channels.STEREO: 2}.get(options.channels, kept)
    return wanted if wanted <= most else 2


def _mixed(options: Options, track: Track) -> Sequence[str]:
    wanted, given = channels_out(options, track), track.channels
    if given == 0:  # not known: ffmpeg decides
        return (
            [f"aformat=channel_layouts={options.channels}"] if options.channels is not Channels.KEEP else []
        )
    if _is_ambisonic(track):
        return ["pan=mono|c0=c0" if wanted == 1 else _AMBISONIC]
    if wanted == given and _is_unnamed(track):
        return []
    if wanted == given:
        layout = _LAYOUTS.get(given)
        same = options.format is Format.WAV or layout in (None, track.layout)
        return [] if same else [f"aresample=ochl={layout}:rematrix_maxval=1"]
    if given == 1:
        return ["pan=stereo|c0=c0|c1=c0"]
    to_mono = ["pan=mono|c0=0.5*c0+0.5*c1"] if wanted == 1 else []
    if given == 2:
        return to_mono
    known = given <= _MOST and not _is_unnamed(track)
    return [f"aresample={_CENTRE}" if known else "pan=stereo|c0=c0|c1=c1", *to_mono]


def _ordered(track: Track) -> list[str]:
    """Name the channels of an arrangement without a name by their order: no other filter takes them."""
    if not _is_unnamed(track) or track.channels not in _ORDERED:
        return []
    each = "|".join(map(str, range(track.channels)))
    return [f"channelmap=map={each}:channel_layout={_ORDERED[track.channels]}"]


def _is_unnamed(track: Track) -> bool:
    """Return True for channels without names. ffmpeg names those of a mono TTA; its decoder does not."""
    return re.match(r"\d+ channels", track.layout) is not None or (track.codec, track.channels) == ("tta", 1)


def _is_ambisonic(track: Track) -> bool:
    return track.layout.startswith("ambisonic")
