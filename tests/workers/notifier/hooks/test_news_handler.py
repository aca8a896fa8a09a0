"""Which webhooks are told of what happens to a job."""

from datetime import UTC, datetime
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Event, job_event
from events.ids import new_id
from events.types import Actor, HookRequested, JobCancelled
from events.work.task import Work
from service.handover_keys import HandoverKeys
from service.webhooks.hook import Hook
from service.webhooks.store import HookStore, new_secret
from workers.notifier.hooks.news_handler import NewsHandler

CANCELLED = JobCancelled(run=1, by=Actor.USER)


class Published(list[Event]):
    """A log that keeps what it is given."""

    async def publish(self, event: Event) -> None:
        self.append(event)


async def test_each_webhook_that_wants_to_hear_of_it_gets_one_delivery_however_often_the_news_comes(
    database: AsyncDatabase[dict[str, Any]],
):
    store, log = HookStore(database, HandoverKeys({"1": b"0123456789abcdef"})), Published()

    async def hook(account: str, *events: str) -> str:
        made = Hook(
            hook_id=new_id(),
            account=account,
            url="https://example.org/",
            secrets=(new_secret(),),
            events=events,
            created=datetime.now(UTC),
        )
        await store.add(made)
        return made.hook_id

    wanting = [await hook("ada", "job.cancelled"), await hook("ada", "job.failed", "job.cancelled")]
    await hook("ada", "job.failed")
    await hook("eve", "job.cancelled")
    news = job_event(CANCELLED, job_id="j-1", account="ada", source="test")
    handler = NewsHandler(store, log)
    for _ in range(2):
        assert await handler.handle(Work(news, CANCELLED, 1)) is None
    assert [event.subject for event in log] == wanting * 2
    assert [event.id for event in log[:2]] == [event.id for event in log[2:]]
    first, second = (event.payload() for event in log[:2])
    assert isinstance(first, HookRequested)
    assert isinstance(second, HookRequested)
    assert first.delivery_id != second.delivery_id
    assert (first.about, first.event_id, first.job_id) == ("job.cancelled", news.id, "j-1")
    assert {(event.account, event.causationid, event.correlationid) for event in log} == {
        ("ada", news.id, "j-1")
    }
