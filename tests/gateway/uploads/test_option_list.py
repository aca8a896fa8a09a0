"""What clients learn about options without an upload: all there are, and what theirs amount to."""

import json
from collections import Counter

import pytest

from events.media import Track
from events.options import DEFAULT, Channels, Format, Options, faults
from events.wishes import NAMES, value
from gateway.openapi.option_list import GROUPS, OptionList, list_options
from gateway.uploads.expected_size import bytes_a_second, quality_by_default
from gateway.uploads.presets import Presets
from tests.gateway.running import Gateway
from workers.converter.ffmpeg.encoders import encoder_arguments


async def listed(**defaults: str) -> OptionList:
    found: OptionList = await list_options.fn(Presets({"presets": None}, defaults))  # type: ignore[dict-item, arg-type]
    return found


async def test_every_option_is_listed_once_with_what_it_takes() -> None:
    shown = (await listed()).options
    assert Counter(each.name for each in shown) == Counter(NAMES)
    assert [group for group in GROUPS if group in {each.group for each in shown}] == list(GROUPS)
    for each in shown:
        assert each.description
        for taken in (*each.values, each.minimum, each.maximum):
            if taken is not None:
                assert value(each.name, str(taken)) == taken
    by_name = {each.name: each for each in shown}
    assert by_name["format"].values == list(Format)
    assert (by_name["start"].type, by_name["retain_video"].type, by_name["speed"].unit) == (
        "time",
        "span",
        "times",
    )
    assert by_name["cover_at"].formats == [Format.MP3, Format.M4A, Format.FLAC]
    assert by_name["quality"].formats == [Format.MP3, Format.M4A, Format.OPUS, Format.OGG]


async def test_the_defaults_are_the_servers() -> None:
    shown = {each.name: each.default for each in (await listed(format="opus", loudness="-16")).options}
    assert (shown["format"], shown["loudness"], shown["speed"]) == ("opus", -16.0, DEFAULT.speed)


async def test_what_a_format_is_said_to_take_it_takes() -> None:
    for each in (await listed()).formats:
        qualities = [f"{rate}k" for rate in each.bit_rates] + ["V0", "V9"] * each.levels
        tried = [Options(format=each.name, quality=quality) for quality in (each.quality, *qualities)]
        tried += [Options(format=each.name, sample_rate=rate) for rate in each.sample_rates]
        assert not [list(faults(options)) for options in tried if list(faults(options))]
        assert (each.quality == "") == (each.bit_rates == []) == (each.name in ("flac", "wav"))


async def test_the_list_is_small_and_open_to_all(gateway: Gateway) -> None:
    async with gateway.with_token("none") as client:
        answer = await client.get("/options", headers={"Authorization": ""})
    assert (answer.status_code, len(answer.json()["options"])) == (200, len(NAMES))
    assert len(answer.content) < 16_000


async def test_a_check_shows_the_whole_conversion_and_its_bytes_a_second(
    gateway: Gateway, account: str
) -> None:
    async with gateway.as_(account) as client:
        await client.put("/preset?speed=2")
        checked = await client.post("/options/check?format=aac", json={"start": "1:30"})
        assert checked.status_code == 200
        shown = checked.json()
        assert {*shown["options"], *shown["options"]["tags"]} == {*NAMES, "tags"}
        assert [shown["options"][name] for name in ("format", "start", "speed")] == ["m4a", 90.0, 2.0]
        assert shown["bytes_per_second"] == 20_000
        source = await client.post("/options/check?quality=source")
        assert source.json()["bytes_per_second"] is None
        assert (await client.get("/jobs")).json()["items"] == []


async def test_a_check_names_what_an_upload_refuses(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        wrong = {"format": "wav", "quality": "V2", "cover": "keep", "start": 9, "end": 3}
        checked = await client.post("/options/check", json=wrong)
        uploaded = await client.post(
            "/upload", data={"options": json.dumps(wrong)}, files={"file": ("a", b"v")}
        )
    assert (checked.status_code, uploaded.status_code) == (200, 422)
    assert [each["name"] for each in checked.json()["faults"]] == ["quality", "end", "cover"]
    assert checked.json()["faults"] == uploaded.json()["errors"]
    assert checked.json()["options"] is None


@pytest.mark.parametrize(
    ("options", "kilobits"),
    [
        (Options(), 190),
        (Options(quality="128k"), 128),
        (Options(quality="V9", channels=Channels.MONO), 32.5),
        (Options(format=Format.M4A, channels=Channels.MONO), 96),
        (Options(format=Format.OPUS), 128),
        (Options(format=Format.OGG), 160),
        (Options(format=Format.WAV, sample_rate=44_100), 1411.2),
    ],
)
def test_the_expected_size_follows_format_quality_and_channels(options: Options, kilobits: float) -> None:
    assert bytes_a_second(options) == kilobits * 125


@pytest.mark.parametrize("format_", Format)
def test_the_quality_by_default_is_the_one_that_the_converter_takes(format_: Format) -> None:
    stereo = Track(index=0, codec="opus", channels=2, sample_rate=48_000)
    named = Options(format=format_, quality=quality_by_default(format_))
    assert encoder_arguments(named, stereo) == encoder_arguments(Options(format=format_), stereo)
