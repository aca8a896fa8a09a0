"""The one table from the errors of the gateway to their answers over HTTP (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from events.errors import TonearmError, Unavailable
from gateway import errors
from gateway.http.contract import BAD_REQUEST
from service import problems
from service.problems import Kind, problem

log = structlog.get_logger()

KINDS: dict[type[TonearmError], Kind] = {
    errors.NotSignedIn: Kind(401, "not-signed-in", "Sign in first"),
    errors.NotAllowed: Kind(403, "not-allowed", "Not allowed"),
    errors.FromElsewhere: Kind(403, "from-elsewhere", "Not from this site"),
    errors.NoSuchJob: Kind(404, "no-such-job", "No such job"),
    errors.JobGone: Kind(410, "job-gone", "The job's files are gone"),
    errors.NoAudio: Kind(409, "no-audio", "There is no audio"),
    errors.BadCursor: Kind(400, "bad-cursor", "Not a cursor"),
    errors.NotAForm: Kind(415, "not-a-form", "Not a form"),
    errors.BadForm: Kind(400, "bad-form", "The form cannot be read"),
    errors.NoFile: Kind(422, "no-file", "No single file in the form"),
    errors.EmptyFile: Kind(422, "empty-file", "The file is empty"),
    errors.BodyTooLarge: Kind(413, "too-large", "The file is too large"),
    errors.BodyStalled: Kind(408, "stalled", "The upload stalled"),
    errors.BodyCutOff: Kind(400, "cut-off", "The upload was cut off"),
    errors.BadOptions: Kind(422, "bad-options", "Not possible as asked"),
    errors.NotProbed: Kind(409, "not-probed", "Not looked at yet", 2),
    errors.NoMedia: Kind(404, "no-media", "Nothing is known of the video"),
    errors.BadKey: Kind(400, "bad-idempotency-key", "Not an Idempotency-Key"),
    errors.KeyInUse: Kind(409, "idempotency-key-in-use", "The first upload is still under way", 5),
    errors.KeyReused: Kind(422, "idempotency-key-reused", "The key belongs to another file or other options"),
    errors.MaybeAccepted: Kind(503, "maybe-accepted", "The upload may or may not have been accepted", 5),
    errors.ShuttingDown: Kind(503, "shutting-down", "The server is about to stop", 2),
    errors.Crowded: Kind(503, "crowded", "Too many at once", 2),
    Unavailable: Kind(503, "unavailable", "Try again later", 5),
}
_INTERNAL = Kind(500, "internal", "Something went wrong on our side")


def kind_of(error: TonearmError) -> Kind:
    """Return how the error is answered: by its own class, or the nearest above it."""
    return problems.kind_of(error, KINDS) or _INTERNAL


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Answer any exception. An unforeseen one is logged; its text stays out of the answer."""
    path = request.url.path
    match error:
        case errors.NotSignedIn(takes_password=takes_password):
            challenge = 'Bearer realm="tonearm"'
            if takes_password:
                challenge += ', Basic realm="tonearm", charset="UTF-8"'
            return problem(path, kind_of(error), str(error), {"WWW-Authenticate": challenge})
        case errors.NoAudio(state=state, waiting=waiting):
            kind = kind_of(error)._replace(retry_after=2 if waiting else None)
            return problem(path, kind, str(error), state=state)
        case errors.MaybeAccepted(job_id=job_id):
            return problem(path, kind_of(error), str(error), job_id=job_id)
        case errors.BadOptions(faults=faults):
            wrong = [fault._asdict() for fault in faults]
            return problem(path, kind_of(error), str(error), errors=wrong)
        case errors.Crowded():  # a connection that stays open takes the place of another
            return problem(path, kind_of(error), str(error), {"Connection": "close"})
        case TonearmError():
            kind = kind_of(error)
            if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                note = log.error if kind is _INTERNAL else log.warning
                note("request_failed", path=path, kind=type(error).__name__, error=str(error))
            return problem(path, kind, "" if kind is _INTERNAL else str(error))
        case ValidationException(extra=extra):
            return problem(path, BAD_REQUEST, _spelled_out(extra))
        case HTTPException(status_code=status, detail=detail, headers=headers) if status < 500:
            return problem(path, Kind(status), detail, headers)
    log.error("request_failed", path=path, kind=type(error).__name__, exc_info=error)
    return problem(path, _INTERNAL, "It was logged. Trying again may help.")


def _spelled_out(extra: Any) -> str:
    """Name each parameter that does not fit, and the reason."""
    if not isinstance(extra, list):
        return "a parameter does not fit"
    return "; ".join(
        f"{each.get('key', 'the request')}: {each.get('message', 'does not fit')}"
        for each in extra
        if isinstance(each, dict)
    )
