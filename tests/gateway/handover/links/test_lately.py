"""Links that another gateway has made a moment ago."""

from datetime import UTC, datetime
from typing import cast

import pytest

from events.envelope import Event, Recorded, job_event
from events.ids import new_id
from events.log.publisher import Publisher
from events.projections.job_view import JobView
from events.projections.jobs import fold
from events.types import JobLinked, JobUploaded
from gateway.errors import NoSuchLink
from gateway.handover.links.links import Addresses, Links
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from service.handover_keys import HandoverKeys
from service.link_tokens import new_link_id

JOB = new_id()
LINK = new_link_id(JOB)


class Gateway:
    """Knows a job, and hears of its link only when that is waited for."""

    def __init__(self) -> None:
        uploaded = JobUploaded(filename="a.mp4", content_type="video/mp4", bytes=1, sha256="0", video_id="v")
        self.linked = self._event(JobLinked(link_id=LINK, expires=datetime(2099, 1, 1, tzinfo=UTC)))
        self.seen, self.told = [self._event(uploaded)], list[Event]()

    def _event(self, payload: JobUploaded | JobLinked) -> Event:
        return job_event(payload, job_id=JOB, account="ada", source="test")

    async def get(self, account: str, job_id: str) -> JobView:
        view = fold(Recorded(offset, event) for offset, event in enumerate(self.seen, 1))
        assert view
        return view

    async def wait_for(self, name: str, timeout: float) -> bool:
        if name == self.linked.id:
            self.seen.append(self.linked)
        return name == self.linked.id

    async def publish(self, event: Event) -> None:
        self.told.append(event)


async def test_a_link_that_another_gateway_has_just_made_can_be_taken_back() -> None:
    here = Gateway()
    links = Links(
        cast("LiveJobs", here),
        cast("OwnJobs", here),
        cast("Publisher", here),
        Addresses("http://x", HandoverKeys({})),
        60,
    )
    with pytest.raises(NoSuchLink):
        await links.end("ada", new_link_id(JOB))
    assert not here.told
    await links.end("ada", LINK)
    assert [event.type for event in here.told] == ["job.unlinked"]
