"""One trace from the request to the mail, told by four processes; and what the services are without."""

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from broker import Broker
from servers.collector import CONSUMER, PRODUCER, SERVER, Collector, Taken, collecting
from waiting import wait_for

from infra.drills.rig.clips import Clips
from infra.local.ports import free_port
from infra.local.servers.mail import MailCatcher
from infra.local.services import Service, services
from infra.local.settings import LocalSettings

pytestmark = pytest.mark.system

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
EMAIL, PASSWORD = "canary-at-home@example.org", "canary-of-a-password-4711"
FOUR = {"gateway", "auth", "converter", "notifier"}


class Services:
    """The four services of the local stack, between the servers of the session."""

    def __init__(
        self, broker: Broker, mongodb_url: str, mail: MailCatcher, folder: Path, **environment: str
    ) -> None:
        ports = {"GATEWAY_PORT": str(free_port()), "AUTH_PORT": str(free_port())}
        settings = LocalSettings(
            gateway_port=int(ports["GATEWAY_PORT"]),
            auth_port=int(ports["AUTH_PORT"]),
            converters=1,
            local_dir=str(folder),
        )
        self.logs, self.url = settings.logs, f"http://127.0.0.1:{settings.gateway_port}"
        self._parts = services(
            settings,
            {
                **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
                **ports,
                "RABBITMQ_URL": broker.url,
                "STREAM_URL": broker.stream_url,
                "MONGODB_URL": mongodb_url,
                "SMTP_URL": mail.url,
                "AUTH_URL": f"http://127.0.0.1:{settings.auth_port}",
                "AUTH_KEY_FILE": str(folder / "key.pem"),
                "SERVICE_TOKEN": "canary-of-a-service-token",
                "WORK_DIR": str(folder),
                "ADMIN_EMAIL": EMAIL,
                "ADMIN_PASSWORD": PASSWORD,
                **environment,
            },
        )

    async def start(self) -> None:
        await asyncio.gather(*(part.start() for part in self._parts))

    async def stop(self) -> dict[str, tuple[int, float]]:
        """Each one's exit code, and how many seconds it took."""
        return dict(await asyncio.gather(*map(self._stopped, self._parts)))

    async def _stopped(self, part: Service) -> tuple[str, tuple[int, float]]:
        began = time.monotonic()
        await part.stop(12.0)
        return part.name, (await part.process.wait(), time.monotonic() - began)

    def lines(self, name: str) -> list[dict[str, object]]:
        return [
            json.loads(line)
            for line in (self.logs / f"{name}.jsonl").read_text().splitlines()
            if line[0] == "{"
        ]


@asynccontextmanager
async def running(*where, **environment: str) -> AsyncIterator[Services]:  # type: ignore[no-untyped-def]
    four = Services(*where, **environment)
    try:
        await four.start()
        yield four
    finally:
        await four.stop()


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as server:
        yield server


async def convert(services: Services, clip: Path, **headers: str) -> str:
    """Upload as the admin; return the job's id once its mail is out."""
    async with httpx.AsyncClient(base_url=services.url, timeout=30) as client:
        answer = await client.post("/login", auth=(EMAIL, PASSWORD), headers={"accept": "text/plain"})
        client.headers["authorization"] = f"Bearer {answer.text}"
        answer = await client.put(
            f"/upload/{clip.name}",
            content=clip.read_bytes(),
            params={"title": "private-title"},
            headers=headers,
        )
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]

        async def notified() -> bool:
            timeline = (await client.get(f"/jobs/{job_id}")).json()["timeline"]
            return any(entry["type"] == "job.notified" for entry in timeline)

        await wait_for(notified, 60, "the mail is out")
        return job_id


@pytest.mark.long
async def test_one_trace_shows_the_request_the_conversion_and_the_mail(
    broker: Broker,
    mongodb_url: str,
    mail_catcher: MailCatcher,
    tmp_path: Path,
    collector: Collector,
    clips: Clips,
):
    where = (broker, mongodb_url, mail_catcher, tmp_path)
    clip = tmp_path / "private-name.mkv"
    clip.write_bytes(clips.tone(2).path.read_bytes())
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    async with running(*where, **settings) as four:
        job_id = await convert(four, clip, traceparent=f"00-{TRACE}-{CALLER}-01", tracestate="canary=1")
        last = {"PUT /upload/{filename}", "process events:job.converted:mp3"}
        await wait_for(lambda: last <= {span.name for span in collector.spans}, 30, "the spans are there")
        collector.speaks.clear()
        ended = await four.stop()
    assert {code for code, _ in ended.values()} == {0}
    assert max(seconds for _, seconds in ended.values()) < 8, "a collector that hangs delays no stop"

    spans = [span for span in collector.spans if span.trace == TRACE]
    assert {span.service for span in spans} == FOUR

    def path(span: Taken) -> list[str]:
        """The names from the beginning of the trace to this span, with the services."""
        above = next((each for each in spans if each.id == span.parent), None)
        assert above or span.parent == CALLER, f"{span} hangs in the air"
        return [*(path(above) if above else []), f"{span.service}: {span.name}"]

    paths = {" > ".join(path(span)) for span in spans}
    upload = "gateway: PUT /upload/{filename}"
    uploaded = f"{upload} > gateway: publish events:job.uploaded"
    conversion = f"{uploaded} > converter: process events:job.uploaded:video"
    converted = f"{conversion} > converter: publish events:job.converted"
    mail = f"{converted} > notifier: process events:job.converted:mp3"
    assert paths >= {
        f"{upload} > gateway: store video",
        f"{conversion} > converter: publish events:job.started",
        f"{conversion} > converter: fetch video",
        f"{conversion} > converter: convert > converter: probe > converter: ffmpeg",
        f"{conversion} > converter: convert > converter: publish events:job.probed",
        f"{conversion} > converter: convert > converter: ffmpeg",
        f"{conversion} > converter: store audio",
        f"{mail} > notifier: GET",
        f"{mail} > notifier: GET > auth: GET /accounts/{{account_id}}",
        f"{mail} > notifier: send mail",
        f"{mail} > notifier: publish events:job.notified",
    }

    work = collector.named("process events:job.uploaded:video")
    told = collector.named("publish events:job.uploaded")
    assert (told.kind, work.kind) == (PRODUCER, CONSUMER)
    assert work.begin > told.begin
    assert 0 < work.facts.pop("tonearm.event_age_seconds") < 60
    assert work.facts == {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "events:job.uploaded:video",
        "messaging.rabbitmq.destination.routing_key": "job.uploaded",
        "messaging.message.id": told.facts["messaging.message.id"],
        "messaging.message.conversation_id": job_id,
        "tonearm.attempt": 1,
    }
    assert told.facts["messaging.operation.type"] == "send"
    assert not [span for span in spans if span.failed]

    signing_in = collector.named("POST /login", lambda span: span.service == "auth")
    assert collector.named("POST", lambda span: span.id == signing_in.parent).service == "gateway"
    assert collector.named("publish events:account.signed_in").trace == signing_in.trace
    assert signing_in.kind == SERVER

    assert not any(word in body.lower() for body in collector.bodies for word in (b"canary", b"private"))
    assert not any(b"127.0.0.1:" in body for body in collector.bodies), "no URL"
    done = [line for line in four.lines("converter-1") if line["event"] == "video_converted"]
    assert [(line["trace_id"], line["span_id"]) for line in done] == [(TRACE, work.id)]


@pytest.mark.long
async def test_untraced_services_load_nothing_for_traces_and_still_name_the_callers_trace(
    broker: Broker, mongodb_url: str, mail_catcher: MailCatcher, tmp_path: Path, clips: Clips
):
    where = (broker, mongodb_url, mail_catcher, tmp_path)
    async with running(*where, PYTHONPROFILEIMPORTTIME="1") as four:
        await convert(four, clips.tone(2).path, traceparent=f"00-{TRACE}-{CALLER}-01")
    logs = {log.stem: log.read_text() for log in four.logs.glob("*.jsonl")}
    assert {name.partition("-")[0] for name in logs} == FOUR
    for name, text in logs.items():
        assert " events.tracing\n" in text, "imports are told of"
        assert re.findall(r"\| +(opentelemetry\S*)", text) == [], name
    assert any(line.get("trace_id") == TRACE for line in four.lines("gateway"))
