"""Nothing of ours stands in what users read: an error's text is for the log, its sentence for everybody."""

import importlib
import json
from collections.abc import Iterator

import pytest
from litestar.testing import RequestFactory

from auth.routes import problems as of_auth
from events.errors import TonearmError, Unavailable
from gateway.http import problems as of_gateway
from workers.errors import publishable
from workers.notifier.errors import Undeliverable

CANARY = "amqp://gateway:secret@broker-0.internal:5672"
for module in ("auth.errors", "events.log.amqp", "events.work.task", "workers.converter.errors"):
    importlib.import_module(module)


def kinds(above: type[TonearmError]) -> Iterator[type[TonearmError]]:
    yield above
    for each in above.__subclasses__():
        yield from kinds(each)


def error_of(kind: type[TonearmError]) -> TonearmError:
    error = kind.__new__(kind, CANARY)
    assert str(error) == CANARY
    return error


OURS = sorted({*kinds(Unavailable), *kinds(Undeliverable)}, key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__qualname__)
def test_no_event_repeats_the_text_of_an_error(kind: type[TonearmError]):
    error = error_of(kind)
    error._code = 550  # type: ignore[attr-defined]
    assert "broker" not in publishable(error)
    assert publishable(error).count(" ") > 2, "a sentence"


def test_no_event_names_an_error_that_nobody_foresaw():
    assert publishable(KeyError(CANARY)) == "Something went wrong on our side."


@pytest.mark.parametrize("answer", [of_gateway.answer, of_auth.answer])
@pytest.mark.parametrize("error", [*map(error_of, kinds(Unavailable)), TonearmError(CANARY), OSError(CANARY)])
def test_no_answer_repeats_the_text_of_an_error(answer, error: Exception):
    said = answer(RequestFactory().get("/jobs"), error)
    assert said.status_code >= 500
    assert "broker" not in json.dumps(said.content)
