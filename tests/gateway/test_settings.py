"""Settings of the gateway that are more than a word or a number."""

import pytest

from gateway.jobs.retention import Retention
from gateway.settings import GatewaySettings
from service.settings import InvalidSetting, load


def test_times_of_retention_are_lengths_of_time_and_nothing_is_for_ever() -> None:
    assert load(GatewaySettings, {}).retention() == Retention()
    told = {"RETAIN_VIDEO": "12h", "RETAIN_AUDIO": "7d", "RETAIN_RECORD": " "}
    assert load(GatewaySettings, told).retention() == Retention(video=43_200.0, audio=604_800.0)


@pytest.mark.parametrize("text", ["soon", "-1d", "7 days and a bit"])
def test_what_is_no_length_of_time_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"RETAIN_AUDIO: give a length of time .* 7d or 2w, not"):
        load(GatewaySettings, {"RETAIN_AUDIO": text}).retention()
