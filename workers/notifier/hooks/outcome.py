"""The outcome of an attempt to deliver. Pure."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

from events.types import DeliveryFailure
from service.outbound import errors

_GONE = 410
_MOST_DIGITS = 9


class Failed(Struct, frozen=True, kw_only=True):
    """An attempt that came to nothing. `wait`: seconds that the receiver asks for."""

    code: DeliveryFailure
    status: int = 0
    wait: float = 0.0


def of_answer(status: int, headers: Mapping[str, str], now: datetime) -> Failed | None:
    """Return what is wrong with an answer; None: the receiver has accepted."""
    if 200 <= status <= 299:
        return None
    if status == _GONE:
        return Failed(code=DeliveryFailure.GONE, status=status)
    if 300 <= status <= 399:
        return Failed(code=DeliveryFailure.REDIRECT, status=status)
    return Failed(
        code=DeliveryFailure.STATUS, status=status, wait=_seconds(headers.get("retry-after", ""), now)
    )


def of_error(error: errors.OutboundError) -> Failed:
    """Return what an attempt without a whole answer means."""
    match error:
        case errors.Refused():
            return Failed(code=DeliveryFailure.FORBIDDEN)
        case errors.TooSlow():
            return Failed(code=DeliveryFailure.TIMED_OUT)
        case errors.TLSFailed():
            return Failed(code=DeliveryFailure.TLS)
        case errors.BadAnswer():
            return Failed(code=DeliveryFailure.BAD_ANSWER)
    return Failed(code=DeliveryFailure.UNREACHABLE)


def _seconds(retry_after: str, now: datetime) -> float:
    """Read Retry-After, seconds or a date (RFC 9110, 10.2.3); 0 for what is neither."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:_MOST_DIGITS])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return 0.0
