"""What Prometheus reads of all four services moves as told, and every name in rules and docs is in it."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest
from broker import Broker
from waiting import wait_for

from events.log import topology
from infra.cluster.tools import find
from infra.drills.rig.clips import Clips
from infra.drills.rig.stack import Stack
from infra.local.metrics import TARGETS
from infra.local.servers.rabbitmq import RabbitMQ

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra/minikube/components/monitoring"
METRIC = re.compile(r"\b(?:tonearm|http_server|process|rabbitmq)_[a-z0-9_]+")
Pages = dict[str, list[str]]
"""What each replica shows, by the service's name."""


async def scrape(stack: Stack) -> Pages:
    pages: Pages = {}
    async with httpx.AsyncClient(timeout=10) as client:
        for target in json.loads((stack.directory / TARGETS).read_text()):
            text = (await client.get(f"http://{target['targets'][0]}/metrics")).raise_for_status().text
            pages.setdefault(target["labels"]["job"], []).append(text)
    return pages


def value(pages: list[str], series: str) -> float:
    """The sum of a series over the replicas."""
    lines = "".join(pages).splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{series} "))


def families(page: str) -> set[str]:
    """The metrics on the page, as rules name them (histograms without their endings)."""
    return set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE))


def named(text: str) -> set[str]:
    """The metrics that a text names, without the endings of histograms."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in METRIC.findall(text)}


async def sign_in(client: httpx.AsyncClient, email: str) -> None:
    account = {"email": email, "password": "a password for the metrics"}
    (await client.post("/register", json=account)).raise_for_status()
    token = (await client.post("/login", json=account)).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


@pytest.mark.long
async def test_every_metric_moves_as_told_and_is_documented(stack: Stack, clips: Clips) -> None:
    before = await scrape(stack)
    clip = clips.tone(3)

    async def now(job: str, series: str, least: float) -> bool:
        return value((await scrape(stack))[job], series) - value(before[job], series) >= least

    # An upload, its conversion, and a mail that is refused for now: a retry.
    async with httpx.AsyncClient(base_url=stack.url, timeout=30) as client:
        await sign_in(client, "tempfail-1-metrics@example.net")
        answer = await client.put("/upload/clip.mp4", content=clip.path.read_bytes())
        assert answer.status_code == 202
        assert (await client.put("/upload/empty.mp4", content=b"")).status_code == 422
    environment = stack.environment
    broker = Broker(environment["RABBITMQ_URL"], environment["STREAM_URL"], "")
    await broker.put(topology.VIDEO, b"no event")  # to be parked
    for job, series, least in (
        ("gateway", 'tonearm_uploads_total{outcome="accepted"}', 1),
        ("gateway", 'tonearm_uploads_total{outcome="refused"}', 1),
        ("gateway", "tonearm_upload_size_bytes_sum", clip.path.stat().st_size),
        ("gateway", "tonearm_upload_acceptance_seconds_count", 1),
        ("gateway", 'tonearm_publish_attempts_total{outcome="confirmed",type="job.uploaded"}', 1),
        ("converter", 'tonearm_queue_wait_seconds_count{queue="video"}', 1),
        ("converter", 'tonearm_conversions_total{result="converted"}', 1),
        ("converter", 'tonearm_conversion_realtime_ratio_count{format="mp3"}', 1),
        ("converter", 'tonearm_job_turnaround_ratio_bucket{le="1.0"}', 1),
        ("converter", 'tonearm_work_parked_total{queue="video",reason="unreadable"}', 1),
        ("notifier", 'tonearm_work_retries_total{queue="mp3"}', 1),
        ("notifier", 'tonearm_mails_total{kind="converted",outcome="sent"}', 1),
        ("gateway", "tonearm_view_delay_seconds_count", 5),
        ("gateway", 'tonearm_jobs{state="notified"}', 1),
        ("auth", 'tonearm_publish_attempts_total{outcome="confirmed",type="account.registered"}', 1),
    ):
        await wait_for(lambda each=(job, series, least): now(*each), 40, f"{job}: {series} + {least}")
    registered = 'http_request_method="POST",http_response_status_code="201",http_route="/register"'
    for job in ("auth", "gateway"):
        assert await now(job, f"http_server_request_duration_seconds_count{{{registered}}}", 1)

    await stack.restart("rabbitmq")
    for reader in ("tail", "projector", "revocations"):
        restarts = f'tonearm_log_reader_restarts_total{{reader="{reader}"}}'
        await wait_for(lambda each=restarts: now("gateway", each, 1), 30, restarts)

    pages = await scrape(stack)
    assert value(pages["gateway"], "tonearm_projection_offset") >= value(
        before["gateway"], "tonearm_tail_offset"
    )
    there = set[str]().union(*(families(page) for replicas in pages.values() for page in replicas))
    documented = named((ROOT / "infra/monitoring.md").read_text())
    ours = {name for name in there if name.startswith(("tonearm_", "http_server_"))}
    assert ours - documented == set(), "not documented"
    told = documented | named(
        (MONITORING / "rules.yaml").read_text() + (MONITORING / "dashboard.json").read_text()
    )
    assert {name for name in told - there if not name.startswith("rabbitmq_")} == set(), (
        "told of, but not there"
    )
    lint(pages)


def lint(pages: Pages) -> None:
    """Have Prometheus' own linter look, where it is."""
    if promtool := find("promtool"):
        for replicas in pages.values():
            for page in replicas:
                done = subprocess.run(
                    [promtool, "check", "metrics"], input=page, capture_output=True, text=True
                )
                assert (done.returncode, done.stderr) == (0, "")


async def test_the_broker_has_the_metrics_that_rules_and_dashboard_want(
    rabbitmq: RabbitMQ, broker: Broker
) -> None:
    await topology.declare(broker.url)
    base = f"http://127.0.0.1:{rabbitmq.metrics_port}/metrics"
    wanted = named((MONITORING / "rules.yaml").read_text() + (MONITORING / "dashboard.json").read_text())
    wanted = {name for name in wanted if name.startswith("rabbitmq_")}
    async with httpx.AsyncClient(timeout=10) as client:

        async def all_there() -> bool:
            pages = [await client.get(base), await client.get(f"{base}/detailed?family=queue_coarse_metrics")]
            return wanted <= set[str]().union(*(families(page.text) for page in pages))

        await wait_for(all_there, 30)
