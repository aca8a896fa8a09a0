"""The entity tags of feeds, between two events of their account."""

from events.envelope import Recorded, job_event
from events.types import JobStarted
from gateway.feeds.remembered import RememberedFeeds
from tests.gateway.running import STARTED

SOME = '"a"', '"a-gzip"'
KEY = "feed", ""


def heard(account: str, payload: JobStarted = STARTED) -> Recorded:
    return Recorded(1, job_event(payload, job_id="j", account=account, source="test"))


def test_an_event_forgets_the_pages_of_its_account_alone() -> None:
    remembered = RememberedFeeds()
    remembered.of("a")[KEY] = remembered.of("b")[KEY] = SOME
    remembered.hear(heard("a"))
    assert (remembered.of("a"), remembered.of("b")) == ({}, {KEY: SOME})


def test_a_page_that_was_made_while_something_happened_is_not_remembered() -> None:
    remembered = RememberedFeeds()
    pages = remembered.of("a")
    remembered.hear(heard("a"))
    pages[KEY] = SOME
    assert remembered.of("a") == {}


def test_what_is_remembered_is_bounded() -> None:
    remembered = RememberedFeeds(most=2)
    for account in ("a", "b", "c"):
        remembered.of(account)[KEY] = SOME
    assert remembered.of("c") == {KEY: SOME}
    assert remembered.of("a") == {}
    for n in range(200):
        remembered.of("c")["feed", f"{n}"] = SOME
    assert len(remembered.of("c")) <= 100
