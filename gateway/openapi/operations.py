"""What the framework cannot see of our routes: how they fail, and all that is said in headers or streamed.

It reads signatures; ours stream, and errors are mapped in one place. So each operation is described here,
by its path, and put into the document when it is made.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from events.errors import TonearmError, Unavailable
from events.options import MEDIA_TYPES, ZIP
from gateway import errors
from gateway.callers import scopes
from gateway.http.problems import KINDS
from gateway.openapi import options
from service.problems import MEDIA_TYPE, Kind, Problem

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_BYTES: Json = {"type": "string", "format": "binary"}
_PROBLEM: Json = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_TOKEN, _PASSWORD = {"token": list[str]()}, {"password": list[str]()}
_COOKIE, _REFRESH_COOKIE = {"cookie": list[str]()}, {"refresh_cookie": list[str]()}
_ERROR_HEADERS = {401: ("WWW-Authenticate",), 405: ("Allow",), 416: ("Content-Range",), 503: ("Retry-After",)}
_ANY_OTHER = "Any other error, the server's own included"

Error = type[TonearmError] | Kind


class Operation(NamedTuple):
    """Besides its errors: request headers, answers with their headers, and parts that replace what is there.

    `asks` for a conversion: the options are query parameters, and fields of a form, where it is posted or
    put. `security` of None is what holds everywhere: an access token, and so the guard's errors, too.
    """

    errors: tuple[Error, ...] = ()
    security: list[dict[str, list[str]]] | None = None
    takes: tuple[str, ...] = ()
    answers: Mapping[int, Json] = {}
    more: Mapping[str, Any] = {}
    asks: bool = False


def _answer(
    description: str, media_types: str | tuple[str, ...] = (), schema: Json | None = None, *headers: str
) -> Json:
    types = (media_types,) if isinstance(media_types, str) else media_types
    content = {"content": {each: {"schema": schema or {}} for each in types}} if types else {}
    return {"description": description, "headers": _headers(headers), **content}


def _headers(names: tuple[str, ...]) -> Json:
    return {name: {"schema": _TEXT} for name in names}


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


_EMAIL: Json = {"type": "string", "maxLength": 254}
_CREDENTIALS = {
    "content": {
        "application/json": {"schema": _object(email=_EMAIL, password={**_TEXT, "format": "password"})}
    }
}
_REFRESH = {"refresh_token": _TEXT}
_ACCESS = _object(access_token=_TEXT, expires_in={"type": "integer"}, token_type={"const": "Bearer"})
_ACCESS["properties"] |= {**_REFRESH, "refresh_expires_in": {"type": "integer"}}
_SIGNED_IN = _answer("An access token; with `Accept: text/plain` it alone", "application/json", _ACCESS)
_SIGNED_IN["content"]["text/plain"] = {"schema": _TEXT}
_SHOWN = {"content": {"application/json": {"schema": _object(**_REFRESH)}}}
_NEW_PASSWORD = {**_TEXT, "format": "password"}
_SAID = _object(message=_TEXT)
_ACCEPTED = _answer("A mail may be on its way; the same, whoever has the address", "application/json", _SAID)
_HTML = {200: _answer("A form", "text/html", _TEXT)}
_SPENT = Kind(410, "", "The link was used, has expired, or is not one of ours")
_INVITED = _object(email=_EMAIL)
_INVITED["properties"] |= {"roles": {"type": "array", "items": {"enum": ["user", "admin"]}}}
_BODY = (errors.BodyCutOff, errors.BodyStalled, errors.BodyTooLarge, errors.Crowded, Unavailable)
_BAD_REQUEST = Kind(400, "bad-request", "Bad request")
_INVALID = Kind(422, "", "Not an e-mail address, or not a password")


def _takes(**properties: Json) -> Json:
    """Return a body of these, as JSON or as a form."""
    schema = {"schema": _object(**properties)}
    forms = {"application/json": schema, "application/x-www-form-urlencoded": schema}
    return {"requestBody": {"required": True, "content": forms}}


def _by_letter(done: str) -> Operation:
    return Operation(
        errors=(*_BODY, errors.FromElsewhere, _BAD_REQUEST, _SPENT, _INVALID),
        security=[],
        answers={200: _answer(f"{done}; as a page for a form", "application/json", _SAID)},
        more=_takes(token=_TEXT, password=_NEW_PASSWORD),
    )


_OIDC = (_BAD_REQUEST, Kind(404, "", "No such provider"), errors.Crowded, Unavailable)

_TIME: Json = {"type": "string", "format": "date-time"}
_SCOPES: Json = {"type": "array", "items": {"enum": ["read", "upload", "admin"]}}
_KEY = _object(key_id=_TEXT, name=_TEXT, scopes=_SCOPES, created=_TIME, expires=_TIME)
_KEY["properties"] |= {"last_used": {"anyOf": [_TIME, {"type": "null"}]}}
_NEW_KEY = {**_KEY, "properties": {**_KEY["properties"], "key": _TEXT}}
_WANTED_KEY = _object(name={**_TEXT, "maxLength": 100}, scopes=_SCOPES)
_WANTED_KEY["properties"] |= {"days": {"type": "integer", "minimum": 1, "maximum": 3650, "default": 365}}

_CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
_VERSION = ("ETag", "Last-Modified", "Accept-Ranges", "Cache-Control")
_AUDIO = (*MEDIA_TYPES.values(), ZIP)
_DOWNLOAD = Operation(
    errors=(
        errors.NoSuchJob,
        errors.JobGone,
        errors.NoAudio,
        errors.Crowded,
        Kind(412, "changed", "Not the version you asked for"),
        Kind(416, "range", "No such range"),
    ),
    security=[_TOKEN, _COOKIE, _PASSWORD],
    takes=("Range", "If-Range", *_CONDITIONS),
    answers={
        200: _answer("All of it", _AUDIO, _BYTES, *_VERSION, "Content-Disposition", "Content-Length"),
        206: _answer("The range", _AUDIO, _BYTES, *_VERSION, "Content-Disposition", "Content-Range"),
        304: _answer("You have it already", (), None, *_VERSION),
    },
)
_UPLOAD = Operation(
    errors=(
        *(each for each in KINDS if issubclass(each, errors.UploadRefused | errors.KeyRefused)),
        errors.BadOptions,
        errors.NotAllowed,
        errors.MaybeAccepted,
        errors.ShuttingDown,
    ),
    answers={202: {"headers": _headers(("Location",))}},
    asks=True,
)
_FORM_ERRORS = (errors.NotAForm, errors.BadForm, errors.NoFile)
_EVENTS = {200: _answer("Events as they come; `id:` is the offset in the log", "text/event-stream", _TEXT)}
_WATCH = Operation(takes=("Last-Event-ID",), answers=_EVENTS)
_OPEN = Operation(security=[])

OPERATIONS: Mapping[str, Operation] = {
    "/login": Operation(
        errors=(*_BODY, _BAD_REQUEST, errors.FromElsewhere, errors.NotSignedIn, _INVALID),
        security=[_PASSWORD, {}],
        answers={200: _SIGNED_IN},
        more={"requestBody": {"required": False, **_CREDENTIALS}},
    ),
    "/login/oidc": Operation(
        errors=(errors.Crowded, Unavailable),
        security=[],
        answers={200: _answer("Labels by names", "application/json", {"additionalProperties": _TEXT})},
    ),
    "/login/oidc/{provider}": Operation(
        errors=(*_OIDC, Kind(422, "", "`return_to` is no path on this site")),
        security=[],
        answers={303: _answer("To the provider", (), None, "Location", "Set-Cookie")},
    ),
    "/login/oidc/{provider}/callback": Operation(
        errors=(
            *_OIDC,
            Kind(403, "", "No account for this person"),
            Kind(429, "", "Too many codes that were none"),
        ),
        security=[],
        answers={303: _answer("Signed in, and on to `return_to`", (), None, "Location", "Set-Cookie")},
    ),
    "/register": Operation(
        errors=(
            *_BODY,
            Kind(403, "", "Registration is closed, or by invitation"),
            Kind(429, "", "Too many letters"),
            _INVALID,
        ),
        security=[],
        answers={
            201: _answer("Sign in now; the same, whoever has the address", "application/json", _SAID),
            202: _ACCEPTED,
        },
        more={"requestBody": {"required": True, **_CREDENTIALS}},
    ),
    "/register/confirm": Operation(errors=(_BAD_REQUEST,), security=[], answers=_HTML),
    "/password/reset": Operation(errors=(_BAD_REQUEST,), security=[], answers=_HTML),
    "/password/forgot": Operation(security=[], answers=_HTML),
    "POST /register/confirm": _by_letter("The account is there"),
    "POST /password/reset": _by_letter("The password is set"),
    "POST /password/forgot": Operation(
        errors=(*_BODY, errors.FromElsewhere, _BAD_REQUEST, Kind(429, "", "Too many letters"), _INVALID),
        security=[],
        answers={202: _ACCEPTED},
        more=_takes(email=_EMAIL),
    ),
    "/password": Operation(
        errors=(*_BODY, _BAD_REQUEST, Kind(429, "", "Too many wrong passwords"), _INVALID),
        answers={204: _answer("The password is set; all other sessions have ended")},
        more=_takes(current=_NEW_PASSWORD, password=_NEW_PASSWORD),
    ),
    "/invitations": Operation(
        errors=(*_BODY, _BAD_REQUEST, Kind(409, "", "The address has an account"), _INVALID),
        answers={202: _answer("The invitation is on its way", "application/json", _SAID)},
        more={"requestBody": {"required": True, "content": {"application/json": {"schema": _INVITED}}}},
    ),
    "/refresh": Operation(
        errors=(*_BODY, errors.FromElsewhere, errors.NotSignedIn, _INVALID),
        security=[_REFRESH_COOKIE, {}],
        answers={200: _answer("The next pair of tokens", "application/json", _ACCESS)},
        more={"requestBody": {"required": True, **_SHOWN}},
    ),
    "/logout": Operation(
        errors=(*_BODY, errors.FromElsewhere, errors.NotSignedIn, _INVALID),
        security=[_TOKEN, _REFRESH_COOKIE, {}],
        answers={204: _answer("Signed out")},
        more={"requestBody": {"required": False, **_SHOWN}},
    ),
    "/logout/everywhere": Operation(answers={204: _answer("Signed out everywhere")}),
    "/keys": Operation(
        answers={
            200: _answer("Your keys", "application/json", _object(items={"type": "array", "items": _KEY}))
        }
    ),
    "POST /keys": Operation(
        errors=(*_BODY, _BAD_REQUEST, Kind(422, "", "No such key can be made")),
        answers={201: _answer("The key, shown this once", "application/json", _NEW_KEY)},
        more={"requestBody": {"required": True, "content": {"application/json": {"schema": _WANTED_KEY}}}},
    ),
    "/keys/{key_id}": Operation(errors=(Kind(404, "", "No such key"),), answers={204: _answer("Revoked")}),
    "/health/live": _OPEN,
    "/health/ready": _OPEN._replace(errors=(Kind(503, "not-ready", "Not ready: `missing` names what is"),)),
    "/upload": _UPLOAD,
    "/upload/{filename}": _UPLOAD._replace(
        errors=tuple(each for each in _UPLOAD.errors if each not in _FORM_ERRORS)
    ),
    "/jobs": Operation(errors=(_BAD_REQUEST, errors.BadCursor)),
    "/jobs/{job_id}": Operation(errors=(errors.NoSuchJob,)),
    "/jobs/{job_id}/media": Operation(
        errors=(errors.NoSuchJob, errors.JobGone, errors.NotProbed, errors.NoMedia)
    ),
    "/jobs/{job_id}/outputs": Operation(
        errors=(
            errors.NoSuchJob,
            errors.JobGone,
            errors.BadOptions,
            errors.NotAllowed,
            errors.MaybeAccepted,
            *(each for each in KINDS if issubclass(each, errors.KeyRefused)),
        ),
        takes=("Idempotency-Key",),
        answers={202: {"headers": _headers(("Location",))}},
        asks=True,
    ),
    "/preset": Operation(errors=(errors.BadOptions,), asks=True),
    "/jobs/{job_id}/events": _WATCH._replace(errors=(errors.NoSuchJob,)),
    "/events": _WATCH,
    "/jobs/{job_id}/audio": _DOWNLOAD,
    "/download": _DOWNLOAD._replace(errors=(_BAD_REQUEST, *_DOWNLOAD.errors)),
}


def described(document: Json) -> Json:
    """Return the document with everything that is said here added. A new route has the guard's errors."""
    (_, components) = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    document["components"].setdefault("schemas", {}).update(components)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            said = OPERATIONS.get(f"{method.upper()} {path}") or OPERATIONS.get(path, Operation())
            _describe(operation, said, scopes.needed(method.upper(), path), bodiless=method == "head")
            if said.asks and method in ("post", "put"):
                _ask(operation)
    return document


def _describe(operation: Json, said: Operation, scope: str | None, *, bodiless: bool) -> None:
    """Say who may call, what with, and how it ends. `scope` is None where everybody may."""
    operation["security"] = [
        {name: [scope] if scope and name in ("token", "cookie") else [] for name in each}
        for each in ([_TOKEN, _COOKIE] if said.security is None else said.security)
    ]
    headers = [{"name": name, "in": "header", "required": False, "schema": _TEXT} for name in said.takes]
    if headers:
        operation["parameters"] = [*operation.get("parameters", []), *headers]
    operation.update(said.more)
    answers = {status: each for status, each in operation["responses"].items() if int(status) < 400}
    for status, answer in said.answers.items():
        answers[str(status)] = answers.get(str(status), {}) | answer
    for status, titles in sorted(_titles((*said.errors, *_GUARD) if scope else said.errors).items()):
        known = _headers(_ERROR_HEADERS.get(status, ()))
        answers[str(status)] = {"description": "; ".join(titles), "headers": known, "content": _PROBLEM}
    answers["default"] = {"description": _ANY_OTHER, "content": _PROBLEM}
    if bodiless:
        # A range means nothing to HEAD (RFC 9110, 14.2), and no answer to it has a body.
        answers = {
            key: {name: part for name, part in each.items() if name != "content"}
            for key, each in answers.items()
            if key not in ("206", "416")
        }
    operation["responses"] = answers


def _ask(operation: Json) -> None:
    operation["parameters"] = [*operation.get("parameters", []), *options.parameters()]
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == "multipart/form-data":  # before the file, as they must be sent
            body["schema"]["properties"] = options.properties() | body["schema"]["properties"]


_GUARD: tuple[Error, ...] = (
    errors.NotSignedIn,
    errors.NotAllowed,
    errors.FromElsewhere,
    Unavailable,
)


def _titles(kinds: tuple[Error, ...]) -> dict[int, list[str]]:
    titles: dict[int, list[str]] = {}
    for each in dict.fromkeys(kinds):
        kind = each if isinstance(each, Kind) else KINDS[each]
        titles.setdefault(kind.status, []).append(kind.title or HTTPStatus(kind.status).phrase)
    return titles
