"""What an answer of a receiver means."""

from datetime import UTC, datetime

import pytest

from events.types import DeliveryFailure
from service.outbound import errors
from workers.notifier.hooks.outcome import Failed, of_answer, of_error

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_any_2xx_is_accepted(status: int):
    assert of_answer(status, {}, NOW) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (101, DeliveryFailure.STATUS),
        (300, DeliveryFailure.REDIRECT),
        (301, DeliveryFailure.REDIRECT),
        (304, DeliveryFailure.REDIRECT),
        (308, DeliveryFailure.REDIRECT),
        (400, DeliveryFailure.STATUS),
        (404, DeliveryFailure.STATUS),
        (410, DeliveryFailure.GONE),
        (429, DeliveryFailure.STATUS),
        (500, DeliveryFailure.STATUS),
        (504, DeliveryFailure.STATUS),
    ],
)
def test_all_else_is_a_failure_with_its_status(status: int, code: DeliveryFailure):
    assert of_answer(status, {}, NOW) == Failed(code=code, status=status)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Mon, 30 Nov 2026 12:05:00 GMT", 300),
        ("Mon, 30 Nov 2026 11:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("1e9", 0),
        ("²", 0),
        ("", 0),
        ("9" * 5000, 999_999_999),
        ("Mon, 30 Nov 99999 12:05:00 GMT", 0),
        ("Mon, 30 Nov 2026 12:05:00", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float):
    failed = of_answer(503, {"retry-after": text}, NOW)
    assert failed
    assert failed.wait == seconds


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.BadURL, DeliveryFailure.FORBIDDEN),
        (errors.NotPublic, DeliveryFailure.FORBIDDEN),
        (errors.TooSlow, DeliveryFailure.TIMED_OUT),
        (errors.TLSFailed, DeliveryFailure.TLS),
        (errors.BadAnswer, DeliveryFailure.BAD_ANSWER),
        (errors.NameUnknown, DeliveryFailure.UNREACHABLE),
        (errors.Unreachable, DeliveryFailure.UNREACHABLE),
    ],
)
def test_what_kept_an_answer_from_coming_has_a_name(error: type[errors.OutboundError], code: DeliveryFailure):
    assert of_error(error("…")) == Failed(code=code)
