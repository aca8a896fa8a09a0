"""A browser's EventSource follows a job to its end, and then leaves the gateway alone."""

import pytest

from events.types import JobNotified
from tests.browser.conftest import Browser
from tests.gateway.running import Gateway

pytestmark = pytest.mark.servers
FOLLOW = """
path => new Promise(resolve => {
  const told = [], source = new EventSource(path);
  for (const type of ["job.uploaded", "job.started", "job.converted", "job.notified", "end"])
    source.addEventListener(type, event => told.push([type, JSON.parse(event.data)]));
  source.onerror = () => source.readyState === EventSource.CLOSED && resolve(told);
})
"""


async def test_it_ends_with_the_job_and_does_not_connect_for_ever(
    gateway: Gateway, browser: Browser, account: str
) -> None:
    async with gateway.as_(account) as client:
        job_id = (await client.put("/upload/a.mp4", content=b"video")).json()["job_id"]
        await gateway.convert(job_id, account, b"sound")
        await gateway.tell(job_id, account, JobNotified(run=1, about="job.converted", message_id="1@test"))
    async with browser.page() as page:
        await page.set_extra_http_headers({"Authorization": f"Bearer {gateway.auth.token(account)}"})
        await page.goto(f"{gateway.url}/schema")
        told = await page.evaluate(FOLLOW, f"/jobs/{job_id}/events")
    assert [type_ for type_, _ in told] == [
        *("job.uploaded", "job.started", "job.converted", "job.notified", "end")
    ]
    assert told[-1][1]["audio"]["url"] == f"/jobs/{job_id}/audio"
    asked = [url for url in browser.requested if url.endswith("/events")]
    assert len(asked) == 2, "one stream, and one answer that it is over"
