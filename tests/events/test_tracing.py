"""The spans of publishes and work, and the context that an event carries."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from making import uploaded
from msgspec.structs import replace

from events import tracing
from events.envelope import decode, encode
from events.tracing import Attribute, Kind, Span, Value

PUBLISH = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Tracer:
    """A tracer that keeps its spans."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Kind, Mapping[Attribute, Value], str | None]] = []

    @contextmanager
    def span(
        self, name: str, kind: Kind, attributes: Mapping[Attribute, Value], parent: str | None
    ) -> Iterator[Span]:
        self.told.append((name, kind, attributes, parent))
        yield self

    traceparent = PUBLISH

    def rename(self, name: str) -> None:
        raise AssertionError

    def set(self, attribute: Attribute, value: Value) -> None:
        raise AssertionError

    def failed(self, kind: str) -> None:
        raise AssertionError


@pytest.fixture
def tracer() -> Iterator[Tracer]:
    one = Tracer()
    tracing.install(one)
    yield one
    tracing.install(None)


def test_an_event_is_published_as_it_is_while_nobody_traces():
    event = uploaded("j1")
    with tracing.publishing("events", event) as told:
        assert told is event
    with tracing.processing("events", "video", event, 1) as one, tracing.span("part") as other:
        assert one is other, "no object is made for either"


def test_an_event_carries_the_context_of_its_publish_and_is_the_same_otherwise(tracer: Tracer):
    event = replace(uploaded("j1"), traceparent=PUBLISH.replace("b7", "c8"))
    with tracing.publishing("events", event) as told:
        assert told == replace(event, traceparent=PUBLISH)
    assert tracer.told[0][:2] == ("publish events:job.uploaded", Kind.PRODUCER)
    assert tracer.told[0][3] == event.traceparent, "what led to it, where there is no span around it"


def test_every_attempt_at_a_piece_of_work_is_of_the_same_publish(tracer: Tracer):
    with tracing.publishing("events", uploaded("j1")) as told:
        body = encode(told)
    for attempt in (1, 2):
        with tracing.processing("events", "video", decode(body), attempt):
            pass
    first, second = tracer.told[1:]
    assert (first[0], first[1], first[3]) == (second[0], second[1], second[3])
    assert (first[0], first[3]) == ("process events:job.uploaded:video", PUBLISH)
    assert [told[2]["tonearm.attempt"] for told in (first, second)] == [1, 2]
