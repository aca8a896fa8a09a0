"""What of the log is wanted can be told from bytes, and from when on it can be there."""

from datetime import UTC, datetime, timedelta

import pytest
from making import ACCOUNT, started, uploaded

from cli.log.choice import Choice
from cli.log.log import SKEW, line
from events.envelope import account_event, encode
from events.ids import new_id
from events.log.stream import First, FromTime, RawRecord
from events.types import AccountRegistered

OTHER = account_event(AccountRegistered(roles=()), account="account-2", source="/tests")
BODIES = [encode(each) for each in (uploaded("j1"), started("j1"), uploaded("j2"), OTHER)] + [
    b"no event of j1"
]


def chosen(choice: Choice) -> list[int]:
    """Return which of BODIES are wanted, and prove that none is lost by its bytes."""
    lines = [line(RawRecord(offset, 0.0, body)) for offset, body in enumerate(BODIES)]
    wanted = [each.offset for each in lines if choice.has(each)]
    marked = [at for at, body in enumerate(BODIES) if any(mark in body for mark in choice.marks)]
    assert not choice.marks or set(wanted) <= set(marked)
    return wanted


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (Choice(), [0, 1, 2, 3, 4]),
        (Choice(jobs=("j1",)), [0, 1]),
        (Choice(jobs=("j1", "j2"), types=("job.up*",)), [0, 2]),
        (Choice(account=ACCOUNT), [0, 1, 2]),
        (Choice(account="account-2"), [3]),
        (Choice(jobs=("account-2",)), []),
        (Choice(jobs=("j1",), types=("*",)), [0, 1]),
        (Choice(types=("account.*", "job.started")), [1, 3]),
    ],
)
def test_lines_are_wanted_by_their_job_their_type_and_their_account(choice, wanted):
    assert chosen(choice) == wanted


def test_nothing_is_looked_for_before_the_oldest_job_was():
    begin = Choice(jobs=(new_id(), new_id())).beginning
    assert isinstance(begin, FromTime)
    assert timedelta() <= datetime.now(UTC) - SKEW - begin.time < timedelta(minutes=1)


@pytest.mark.parametrize("jobs", [(), ("j1",), (new_id(), "j1")])
def test_jobs_whose_ids_tell_no_time_are_looked_for_from_the_beginning(jobs):
    assert Choice(jobs=jobs).beginning == First()
