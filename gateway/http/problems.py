"""The one table from the errors of the gateway to their answers over HTTP (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from events.errors import NotConfirmed, TonearmError, Unavailable
from gateway import errors
from gateway.http.contract import parameters_of
from gateway.http.parameters import Parameter
from service import known_problems as known
from service import problems
from service.handover_keys import NoHandoverSecrets
from service.metrics.http import route_of
from service.problems import Kind, problem

log = structlog.get_logger()

KINDS: dict[type[TonearmError], Kind] = {
    errors.NotSignedIn: known.NOT_SIGNED_IN,
    errors.NotAllowed: known.NOT_ALLOWED,
    errors.FromElsewhere: known.FROM_ELSEWHERE,
    errors.NoSuchJob: known.NO_SUCH_JOB,
    errors.JobGone: known.JOB_GONE,
    errors.BlobRemoved: known.JOB_GONE,
    errors.HistoryCut: known.HISTORY_CUT,
    errors.WrongState: known.WRONG_STATE,
    errors.NoAudio: known.NO_AUDIO,
    errors.BadParameters: known.BAD_PARAMETERS,
    errors.BadFields: known.BAD_FIELD,
    errors.NotJson: known.BAD_REQUEST,
    errors.TooManyFields: known.TOO_MANY_FIELDS,
    errors.QuotaExceeded: known.QUOTA_EXCEEDED,
    errors.StorageFull: known.STORAGE_FULL,
    errors.TooManyDownloads: known.TOO_MANY_DOWNLOADS,
    errors.TooManyOutputs: known.TOO_MANY_OUTPUTS,
    errors.TooManyStreams: known.TOO_MANY_STREAMS,
    errors.TooManyTries: known.TOO_MANY_TRIES,
    errors.NotAForm: known.NOT_A_FORM,
    errors.BadForm: known.BAD_FORM,
    errors.NoFile: known.NO_FILE,
    errors.EmptyFile: known.EMPTY_FILE,
    errors.BodyTooLarge: known.TOO_LARGE,
    errors.BodyStalled: known.STALLED,
    errors.BodyCutOff: known.CUT_OFF,
    errors.UnknownTusVersion: known.TUS_VERSION,
    errors.BadUploadHeader: known.BAD_UPLOAD_HEADER,
    errors.NotAPiece: known.NOT_A_PIECE,
    errors.ChecksumMismatch: known.CHECKSUM_MISMATCH,
    errors.NoSuchUpload: known.NO_SUCH_UPLOAD,
    errors.UploadGone: known.UPLOAD_GONE,
    errors.OtherOffset: known.OTHER_OFFSET,
    errors.UploadBusy: known.UPLOAD_BUSY,
    errors.ImportsOff: known.IMPORTS_OFF,
    errors.AddressRefused: known.ADDRESS_REFUSED,
    errors.NoSuchImport: known.NO_SUCH_IMPORT,
    errors.TooManyImports: known.TOO_MANY_IMPORTS,
    errors.BadOptions: known.BAD_OPTIONS,
    errors.NoSuchArchive: known.NO_SUCH_ARCHIVE,
    errors.NoSuchFeed: known.NO_SUCH_FEED,
    errors.FeedRevoked: known.FEED_REVOKED,
    errors.NoSuchWebhook: known.NO_SUCH_WEBHOOK,
    errors.NoSuchDelivery: known.NO_SUCH_DELIVERY,
    errors.WebhookDisabled: known.WEBHOOK_DISABLED,
    errors.NotProbed: known.NOT_PROBED,
    errors.NoMedia: known.NO_MEDIA,
    errors.NoPeaks: known.NO_PEAKS,
    errors.NoPauses: known.NO_PAUSES,
    errors.NoCover: known.NO_COVER,
    errors.NoSuchLink: known.NO_SUCH_LINK,
    errors.LinkEnded: known.LINK_ENDED,
    errors.TooManyLinks: known.TOO_MANY_LINKS,
    errors.NoClip: known.NO_CLIP,
    errors.NoSuchTranscript: known.NO_SUCH_TRANSCRIPT,
    errors.BadTranscript: known.BAD_TRANSCRIPT,
    errors.TooManyTranscripts: known.TOO_MANY_TRANSCRIPTS,
    errors.NotGiven: known.NOT_GIVEN,
    errors.BadKey: known.BAD_KEY,
    errors.KeyInUse: known.KEY_IN_USE,
    errors.KeyReused: known.KEY_REUSED,
    errors.MaybeAccepted: known.MAYBE_ACCEPTED,
    errors.NotSeenYet: known.MAYBE_DONE,
    errors.NoRoom: known.NO_ROOM,
    NotConfirmed: known.MAYBE_DONE,
    errors.ShuttingDown: known.SHUTTING_DOWN,
    errors.Crowded: known.CROWDED,
    NoHandoverSecrets: known.HANDS_NOTHING_OUT,
    Unavailable: known.UNAVAILABLE,
}

_UNKNOWN = Parameter("the request", "a value does not fit")


def kind_of(error: TonearmError) -> Kind:
    """Return how the error is answered: by its own class, or the nearest above it."""
    return problems.kind_of(error, KINDS) or known.INTERNAL


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """Answer any exception. An unforeseen one is logged; its text stays out of the answer.

    The log names the route, not the path, which may have a token in it.
    """
    path = request.scope["path"]
    match error:
        case errors.NotSignedIn(takes_password=takes_password):
            challenge = 'Bearer realm="tonearm"'
            if takes_password:
                challenge += ', Basic realm="tonearm", charset="UTF-8"'
            return problem(path, kind_of(error), str(error), {"WWW-Authenticate": challenge})
        case errors.WrongState(state=state):
            return problem(path, kind_of(error), str(error), state=state)
        case errors.NoAudio(waiting=waiting):
            kind = kind_of(error)._replace(retry_after=2 if waiting else None)
            reason = {"code": error.code} if error.code else {}
            return problem(path, kind, str(error), None, job_id=error.job_id, state=error.state, **reason)
        case errors.JobGone(receipt=errors.Receipt() as receipt):
            return problem(path, kind_of(error), str(error), **receipt._asdict())
        case errors.OtherOffset(offset=offset):
            return problem(path, kind_of(error), str(error), {"Upload-Offset": str(offset)})
        case errors.UnknownTusVersion():
            return problem(path, kind_of(error), str(error), {"Tus-Version": "1.0.0"})
        case errors.MaybeAccepted(job_id=job_id):
            return problem(path, kind_of(error), str(error), job_id=job_id)
        case errors.QuotaExceeded(limit=limit, allowed=allowed):
            wait = {} if error.seconds is None else {"Retry-After": str(error.seconds)}
            return problem(path, kind_of(error), str(error), wait, limit=limit, allowed=allowed)
        case errors.TooManyTries(seconds=seconds):
            return problem(path, kind_of(error), str(error), {"Retry-After": seconds})
        case errors.Faulty(faults=faults):
            wrong = [fault._asdict() for fault in faults]
            return problem(path, kind_of(error), str(error), errors=wrong)
        case errors.Crowded():  # a connection that stays open takes the place of another
            return problem(path, kind_of(error), str(error), {"Connection": "close"})
        case TonearmError():
            kind = kind_of(error)
            if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                note = log.error if kind is known.INTERNAL else log.warning
                note(
                    "request_failed",
                    route=route_of(request.scope),
                    kind=type(error).__name__,
                    error=str(error),
                )
            return problem(path, kind, "" if kind is known.INTERNAL else error.told)
        case ValidationException(extra=extra):
            return answer(request, errors.BadParameters(_faults(extra, parameters_of(request.route_handler))))
        case HTTPException(status_code=status, detail=detail, headers=headers) if status < 500:
            return problem(path, known.of_status(status), known.detail_of(status, detail), headers)
    log.error("request_failed", route=route_of(request.scope), kind=type(error).__name__, exc_info=error)
    return problem(path, known.INTERNAL, "It was logged. Trying again may help.")


def _faults(extra: Any, parameters: Mapping[str, Parameter]) -> list[errors.Fault]:
    """Name each parameter that does not fit, as clients name it, and what it takes."""
    keys = (
        [each.get("key", "") for each in extra if isinstance(each, dict)] if isinstance(extra, list) else []
    )
    return [errors.Fault(*parameters.get(key, _UNKNOWN)[:2]) for key in keys] or [errors.Fault(*_UNKNOWN[:2])]
