import json
from datetime import UTC, datetime

from cli.own.usage import Limits, Usage, rows
from tests.cli.person import Person


async def test_usage_is_shown_as_the_gateway_counts_it(person: Person) -> None:
    today = datetime.now(UTC).date()
    await person.uploads("talk.mp4")
    out, _ = await person.tonearm("usage")
    is_today = datetime.now(UTC).date() == today  # a job of yesterday counts no more
    shown = dict(line.split("  ", 1) for line in out.splitlines())
    shown = {name: text.strip() for name, text in shown.items()}
    assert shown["stored"] == "5 bytes"
    assert (shown["jobs open"], shown["audio today"]) == ("1", "0:00")
    assert shown["jobs today"] == "1" or not is_today
    told = json.loads((await person.tonearm("usage", "--json"))[0])
    assert (told["bytes_stored"], told["jobs_open"]) == (5, 1)


def test_each_limit_stands_beside_what_it_limits() -> None:
    usage = Usage(
        bytes_stored=1_500_000,
        audio_seconds=65.0,
        jobs_today=3,
        jobs_open=0,
        limits=Limits(bytes_stored=2_000_000_000, audio_seconds=3600, jobs_open=0, requests_a_minute=600),
        resets=datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert list(rows(usage))[:-1] == [
        ("stored", "1.5 MB of 2.0 GB"),
        ("audio today", "1:05 of 1:00:00"),
        ("jobs today", "3"),
        ("jobs open", "0 of 0"),
        ("requests", "600 a minute"),
    ]
