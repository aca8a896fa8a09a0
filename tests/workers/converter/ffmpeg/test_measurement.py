"""The words of a first pass, also where a file's own words stand among them."""

from workers.converter.ffmpeg.measurement import read

WORDS = """[silencedetect @ 0x1] silence_start: 58.5
[silencedetect @ 0x1] silence_end: 60 | silence_duration: 1.5
{
\t"input_i" : "-23.50",
\t"input_tp" : "-inf"
}
"""


def test_the_silence_at_the_end_and_the_loudness_are_read() -> None:
    measured = read(WORDS, 60.0)
    assert (measured.loudness, measured.true_peak, measured.silent_from) == (-23.5, None, 58.5)


def test_a_tag_that_looks_like_a_measurement_breaks_nothing() -> None:
    lies = "[silencedetect @ me] silence_start: 1..5\n[silencedetect @ me] silence_end: .\n"
    assert read(lies + '"input_i" : "1.2.3"\n' + WORDS, 60.0) == read(WORDS, 60.0)
