from time import tzset

import pytest

from cli.errors import WrongArgument
from cli.tree.template import Template

JOB = {"job_id": "a1", "audio": {"bytes": 12345, "parts": [1, 2]}, "error": None, "name": "a\x1b[31mb"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{job_id}", "a1"),
        (r"{job_id}\t{audio[bytes]:>8,}", "a1\t  12,345"),
        ("{audio.bytes:010.2f}", "0012345.00"),
        ("{audio[parts][1]}{audio[parts][7]}", "2"),
        ("{error}{error[code]:>4}|{nowhere[at][all]}", "    |"),
        ("{audio}", '{"bytes": 12345, "parts": [1, 2]}'),
        ("{{{job_id}}}", "{a1}"),
        ("{at:%Y-%m-%d %H:%M}|{job_id:>4}|{error:%H}", "2026-01-31 12:00|  a1|"),
    ],
)
def test_a_template_is_filled_from_the_object(text: str, line: str) -> None:
    assert Template(text).filled({**JOB, "at": "2026-01-31T12:00:00Z"}) == line


def test_what_a_file_was_called_cannot_harm_the_terminal() -> None:
    assert Template("{name}").filled(JOB) == "a\ufffd[31mb"


@pytest.mark.parametrize("text", ["{job_id", "{}", "{0}", "{job_id!z}", "{a:99999}", "{a:{job_id}}"])
def test_what_is_no_template_is_said_before_anything_is_asked(text: str) -> None:
    with pytest.raises(WrongArgument, match="--format"):
        Template(text)


@pytest.mark.parametrize("spec", [".1f", "c"])
def test_a_number_that_is_too_large_to_be_written_so_ends_nothing(spec: str) -> None:
    with pytest.raises(ValueError, match="too large"):
        Template(f"{{n:{spec}}}").filled({"n": 10**400})
    assert Template(f"{{n:{spec}}}", strict=False).filled({"n": 10**400}) == str(10**400)


@pytest.mark.parametrize("zone", ["Etc/GMT-2", "Etc/GMT+2"])
@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_a_time_that_no_calendar_here_has_ends_nothing(
    time: str, zone: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(tzset)
    with monkeypatch.context() as changed:
        changed.setenv("TZ", zone)
        tzset()
        assert Template("{at:%Y-%m}", strict=False).filled({"at": time})


def test_a_number_that_is_written_as_a_letter_cannot_harm_the_terminal() -> None:
    assert Template("{n:c}").filled({"n": 0x1B}) == "\ufffd"


def test_a_template_reaches_no_attributes() -> None:
    assert Template("{job_id.__class__}{audio.keys}").filled(JOB) == ""
