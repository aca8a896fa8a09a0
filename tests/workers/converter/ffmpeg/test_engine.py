from pathlib import Path

import pytest

from workers.converter.errors import EngineUnfit
from workers.converter.ffmpeg.engine import Engine, find_engine, parse_version


@pytest.mark.parametrize(
    ("banner", "numbers"),
    [
        ("ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright (c)", (9, 0, 2)),
        ("ffmpeg version 8.1.2 Copyright", (8, 1, 2)),
        ("ffmpeg version 5.1.6-0+deb12u1 Copyright", (5, 1, 6)),
    ],
)
def test_versions_are_read_as_numbers(banner: str, numbers: tuple[int, ...]) -> None:
    assert parse_version(banner)[1] == numbers


def test_a_build_of_unknown_age_is_refused() -> None:
    with pytest.raises(EngineUnfit, match="version"):
        parse_version("ffmpeg version N-114000-gdeadbeef Copyright")


async def test_the_one_that_comes_with_us_is_fit_and_its_name_is_true_of_every_format(engine: Engine) -> None:
    assert engine.name == f"ffmpeg {engine.version}"


@pytest.mark.parametrize(
    ("then", "same"),
    [("ffmpeg 9.0.2", True), ("ffmpeg 9.0.2 libmp3lame", True), ("ffmpeg 9.0.1 libmp3lame", False)],
)
def test_a_build_is_known_again_in_logs_that_name_an_encoder_of_mp3_with_it(then: str, same: bool) -> None:
    assert Engine("/ffmpeg", "9.0.2").is_build(then) == same


async def test_an_old_one_a_crippled_one_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    for line, why in [
        ("5.1.6 libmp3lame", "too old"),
        ("9.0.1", "without libmp3lame"),
        ("9.0.1 libmp3lame libopus", "without libvorbis"),
    ]:
        fake = tmp_path / "ffmpeg"
        fake.write_text(f"#!/bin/sh\necho ffmpeg version {line}\n")
        fake.chmod(0o700)
        with pytest.raises(EngineUnfit, match=why):
            await find_engine(str(fake))
    with pytest.raises(EngineUnfit, match="cannot run"):
        await find_engine(str(tmp_path / "missing"))
