"""The reasons for which an import does not go on, in sentences for its owner. None holds an address.

ImportTrouble
├── ImportFailing     for good: another try would end the same way
└── ImportStuck       for now: the source may be there again later
"""

from collections.abc import Mapping
from http import HTTPStatus

from events.types import ImportFailure
from gateway.errors import GatewayError
from service.outbound.errors import NameUnknown, OutboundError, Refused, TLSFailed, TooSlow


class ImportTrouble(GatewayError):
    """An import does not go on. `code` is for programs."""

    def __init__(self, code: ImportFailure, message: str) -> None:
        super().__init__(message)
        self.code = code


class ImportFailing(ImportTrouble):
    """It never will."""


class ImportStuck(ImportTrouble):
    """It may later."""


_LATER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Statuses below 500 by which a source asks for patience."""
_SAID: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the source wants a password; give an address that works without",
    HTTPStatus.FORBIDDEN: "the source does not give it to us (HTTP 403)",
    HTTPStatus.NOT_FOUND: "there is nothing at this address (HTTP 404)",
    HTTPStatus.GONE: "there is nothing at this address any more (HTTP 410)",
}


def of_status(status: int) -> ImportTrouble:
    """Return what an answer means that brings no bytes."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
        return ImportStuck(ImportFailure.REFUSED, f"the source does not give it now (HTTP {status})")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return ImportFailing(ImportFailure.REFUSED, "the address leads on too often, or nowhere")
    return ImportFailing(ImportFailure.REFUSED, _SAID.get(status, f"the source refuses (HTTP {status})"))


def of_outbound(error: OutboundError) -> ImportTrouble:
    """Return what it means that there was no answer. The texts of these errors hold no address."""
    match error:
        case Refused():
            return ImportFailing(ImportFailure.FORBIDDEN, str(error))
        case TLSFailed():
            return ImportFailing(ImportFailure.UNREACHABLE, "the source cannot prove who it is (TLS)")
        case NameUnknown():
            return ImportStuck(ImportFailure.UNREACHABLE, "no host has the address's name")
        case TooSlow():
            return ImportStuck(ImportFailure.TIMED_OUT, "the source takes too long")
        case _:
            return ImportStuck(ImportFailure.UNREACHABLE, "the source cannot be reached, or broke off")
