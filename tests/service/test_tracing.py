"""Spans as a collector gets them."""

import time
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import pytest
from servers.collector import CLIENT, INTERNAL, SERVER, Collector, collecting
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from events import tracing
from events.tracing import Attribute
from infra.local.ports import free_port
from service.settings import InvalidSetting
from service.tracing import setup as turning_on
from service.tracing.http import Client, traced
from service.tracing.setup import TracingSettings, exported

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        monkeypatch.setattr(turning_on, "FLUSH_SECONDS", 30)  # it is there, and takes what it is sent
        yield server


class App:
    """An application that looks for a job and does not find it."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.bound: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope["path_template"] = "/jobs/{job_id}"
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.bound = [get_contextvars()]
        with tracing.span("look"):
            self.bound.append(get_contextvars())
        if scope["path"] == "/fails":
            raise LookupError("canary")
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(app: App, path: str = "/jobs/7?secret=canary", method: str = "GET", **headers: str) -> None:
    transport = httpx.ASGITransport(app=traced(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.request(method, f"http://gateway{path}", headers=headers)


async def test_a_request_is_a_span_of_its_caller_s_and_lends_its_context_to_what_follows(
    collector: Collector,
):
    app = App()
    with exported("tried"):
        await ask(app, traceparent=f"00-{TRACE}-{CALLER}-01", tracestate="canary=1", baggage="canary=2")
    served, looked = collector.named("GET /jobs/{job_id}"), collector.named("look")
    assert (served.kind, served.trace, served.parent) == (SERVER, TRACE, CALLER)
    assert (looked.kind, looked.trace, looked.parent) == (INTERNAL, TRACE, served.id)
    assert served.facts == {
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "http.route": "/jobs/{job_id}",
        "url.scheme": "http",
    }
    assert not served.failed, "what the caller did wrong is no failure of the server's"
    assert served.service == "tried"
    assert app.headers["traceparent"] == f"00-{TRACE}-{served.id}-01"
    assert not {"tracestate", "baggage"} & {*app.headers}
    assert [bound["span_id"] for bound in app.bound] == [served.id, looked.id]
    assert {bound["trace_id"] for bound in app.bound} == {TRACE}


@pytest.mark.parametrize("bad", ["", "00-x", f"00-{'0' * 32}-{CALLER}-01", f"01-{TRACE}-{CALLER}-01-x"])
async def test_a_context_that_is_none_begins_a_new_trace(collector: Collector, bad: str):
    with exported("tried"):
        await ask(App(), traceparent=bad)
    served = collector.named("GET /jobs/{job_id}")
    assert (served.parent, served.trace != TRACE) == ("", True)


async def test_what_the_caller_does_not_sample_is_not_sent_but_goes_on(collector: Collector):
    app = App()
    with exported("tried"):
        await ask(app, traceparent=f"00-{TRACE}-{CALLER}-00")
    assert collector.spans == []
    assert app.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert app.headers["traceparent"].endswith("-00")


async def test_a_span_holds_nothing_that_came_from_outside_and_no_text_of_an_error(collector: Collector):
    with exported("tried"):
        await ask(App(), "/fails?secret=canary", "CANARY", authorization="canary")
        async with Client() as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://127.0.0.1:{free_port()}/canary?canary")
    assert not any(b"canary" in body.lower() for body in collector.bodies)
    served, called = collector.named("_OTHER /jobs/{job_id}"), collector.named("GET")
    assert (served.failed, served.facts["error.type"]) == (True, "LookupError")
    assert (called.kind, called.failed, called.facts["error.type"]) == (CLIENT, True, "ConnectError")
    assert {fact for span in collector.spans for fact in span.facts} <= {*get_args(Attribute)}
    assert [span.notes for span in collector.spans] == [0, 0, 0]


async def test_a_request_to_another_service_takes_the_context_along(collector: Collector):
    with exported("tried"):
        async with Client() as client:
            answer = await client.post(
                f"{collector.url}/v1/traces", headers={"content-type": "application/x-protobuf"}
            )
    called = collector.named("POST")
    assert answer.request.headers["traceparent"].startswith(f"00-{called.trace}-{called.id}-")
    assert called.facts["http.response.status_code"] == 200


async def test_probes_are_no_spans(collector: Collector):
    with exported("tried"):
        await ask(App(), "/health/ready")
    assert [span.name for span in collector.spans] == ["look"]


def test_opentelemetry_s_own_variables_hold(collector: Collector, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "renamed")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=trial")
    with exported("tried"), tracing.span("look"):
        pass
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    with exported("tried"), tracing.span("look"):
        pass
    assert [span.service for span in collector.spans] == ["renamed"]


def test_nobody_waits_for_a_collector_that_hangs_and_its_troubles_are_told_once(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(turning_on, "FLUSH_SECONDS", 0.1)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.05")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    collector.speaks.clear()
    with capture_logs() as lines:
        with exported("tried"):
            for asked in range(3):
                with tracing.span("look"):
                    pass
                while len(collector.bodies) <= asked:
                    time.sleep(0.01)
            began = time.monotonic()
        assert time.monotonic() - began < 10
    assert [line["event"] for line in lines].count("spans_not_sent") == 1


def test_spans_wait_in_a_queue_of_a_fixed_length(collector: Collector, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
    collector.speaks.clear()
    with exported("tried"):
        for _ in range(100):
            with tracing.span("look"):
                pass
        collector.speaks.set()
    assert len(collector.spans) <= 30


@pytest.mark.parametrize(
    ("environment", "on"),
    [
        ({}, False),
        ({"otel_exporter_otlp_endpoint": "http://c"}, True),
        ({"otel_exporter_otlp_traces_endpoint": "http://c"}, True),
        ({"otel_traces_exporter": "otlp"}, True),
        ({"otel_exporter_otlp_endpoint": "http://c", "otel_traces_exporter": "none"}, False),
        ({"otel_exporter_otlp_endpoint": "http://c", "otel_sdk_disabled": "TRUE"}, False),
    ],
)
def test_the_variables_that_ask_for_traces(environment: dict[str, str], on: bool):
    assert TracingSettings(**environment).on is on


def test_a_limit_that_the_library_refuses_is_said_at_the_start(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with pytest.raises(InvalidSetting, match="max_export_batch_size"), exported("tried"):
        pass


@pytest.mark.parametrize(
    "environment", [{"otel_traces_exporter": "zipkin"}, {"otel_exporter_otlp_protocol": "grpc"}]
)
def test_a_way_to_export_that_is_not_known_is_said_at_the_start(environment: dict[str, str]):
    with pytest.raises(InvalidSetting, match="OTEL_"):
        TracingSettings(otel_exporter_otlp_traces_endpoint="http://c", **environment).on  # noqa: B018
