"""Tokens of links: they lead to their job and end at their time, and nobody can make one up."""

from datetime import UTC, datetime

import pytest

from events.ids import new_id
from service.handover_keys import NotSigned, handover_keys
from service.link_tokens import Token, job_of, new_link_id, read, written

KEYS = handover_keys(f"a:{'hand' * 8}")
END = datetime(2026, 12, 24, 18, tzinfo=UTC)
JOB = "0199a1b2-0000-7000-8000-00000000000a"


def test_a_token_says_which_link_it_is_and_when_it_ends() -> None:
    job_id = new_id()
    token = Token(new_link_id(job_id), END)
    text = written(KEYS, token)
    assert read(KEYS, text) == token
    assert read(KEYS, text).job_id == job_of(token.link_id) == job_id
    assert len(text) < 80


def test_a_token_for_something_else_is_no_link() -> None:
    for wrong in (KEYS.sign("feed", bytes(27)), KEYS.sign("link", b"short"), "", "a" * 5000, "ü"):
        with pytest.raises(NotSigned):
            read(KEYS, wrong)


def test_a_link_for_a_cause_is_the_same_however_often_it_is_made() -> None:
    job_id = new_id()
    assert new_link_id(job_id, "event 1") == new_link_id(job_id, "event 1") != new_link_id(job_id, "event 2")
    assert new_link_id(job_id) != new_link_id(job_id)


@pytest.mark.parametrize("text", ["", "x", JOB, f"{JOB}-", f"{JOB}-{'0' * 13}", f"{JOB}-{'G' * 12}"])
def test_what_is_no_id_of_a_link_leads_nowhere(text: str) -> None:
    assert job_of(text) is None
