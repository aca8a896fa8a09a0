"""The outcome of a form that a page has sent, as the next page shows it."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from msgspec import Struct

from events.errors import TonearmError
from gateway.http.pages import sentence
from gateway.http.problems import kind_of


class _Answer(Struct, frozen=True):
    """Auth's answer: a sentence, or a problem."""

    message: str = ""
    detail: str = ""


class Outcome(Struct, frozen=True, kw_only=True):
    """A sentence, the page's status, and the value of Retry-After where there is one."""

    said: str
    status: int
    retry_after: str = ""

    @property
    def is_good(self) -> bool:
        """True unless it was refused, or failed."""
        return self.status < HTTPStatus.BAD_REQUEST


def answered(answer: Response[Any]) -> Outcome:
    """Return the outcome by auth's answer."""
    told = msgspec.json.decode(answer.content, type=_Answer)
    return Outcome(
        said=told.message or sentence(told.detail),
        status=answer.status_code or HTTPStatus.OK,
        retry_after=answer.headers.get("retry-after", ""),
    )


def failed(error: TonearmError) -> Outcome:
    """Return the outcome where auth has not answered, or was not asked."""
    kind = kind_of(error)
    ours = kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    why = "this is not possible now; try later" if ours else str(error)
    return Outcome(said=sentence(why), status=kind.status, retry_after=str(kind.retry_after or ""))
