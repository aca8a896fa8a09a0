"""The operations of the OpenAPI document, completed by the routes' contracts.

The framework reads signatures. Our handlers stream, and one table maps all errors, so it sees no headers, no
streamed bodies and no errors. They stand in the contract at each handler.
"""

from collections.abc import Mapping
from http import HTTPStatus

from events.errors import Unavailable
from gateway import errors
from gateway.http import rate_limits
from gateway.http.contract import TEXT, Answer, Contract, Contracts, Error, Json, Schema
from gateway.http.problems import KINDS
from gateway.openapi import options
from gateway.openapi.links import link
from gateway.openapi.rules import apart
from gateway.openapi.schemas import components, schema_of
from service.known_problems import ALL
from service.problems import MEDIA_TYPE, Kind, Problem

_PROBLEM: Json = {"schema": {"$ref": "#/components/schemas/Problem"}}
_ERROR_HEADERS = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    416: ("Content-Range",),
    429: ("Retry-After", *rate_limits.FIELDS),
    503: ("Retry-After",),
}
_STRINGS = {"type": "array", "items": TEXT}
_TIME: Json = {"type": "string", "format": "date-time"}
_TEXT_OR_NULL: Json = {"type": ["string", "null"]}
_FAULT: Json = {
    "type": "object",
    "properties": {"name": TEXT, "detail": TEXT},
    "required": ["name", "detail"],
}
_MEMBERS: Json = {
    "errors": {
        "type": "array",
        "items": _FAULT,
        "description": "Each option or parameter that does not fit.",
    },
    "state": {**TEXT, "description": "Of the job, which does not allow what was asked for."},
    "code": {**TEXT, "description": "Why its conversion failed."},
    "job_id": {**TEXT, "description": "Of the job that has no audio, or may or may not exist."},
    "limit": {**TEXT, "description": "The name of the limit that is reached."},
    "allowed": {"type": "integer", "description": "How much it allows."},
    "missing": {**_STRINGS, "description": "What the service lacks."},
    "deleted_at": {**_TIME, "description": "When the job, or the file, was deleted."},
    "reason": {**TEXT, "description": "Why it was deleted."},
    "video_sha256": {**_TEXT_OR_NULL, "description": "Of the deleted video."},
    "audio_sha256": {**_TEXT_OR_NULL, "description": "Of the deleted audio."},
    "erased_at": {
        **_TIME,
        "type": ["string", "null"],
        "description": "When the last byte was gone; null while that is not sure.",
    },
    "video_kept": {"type": "boolean", "description": "Other jobs still need the video."},
}
"""What some problems have beside the members of all."""
_OF_PARAMETER = ("name", "in", "required", "description")
_NULL = {"type": "null"}
_ANY_OTHER = "Any other error, the server's own included"
_GUARD: tuple[Error, ...] = (
    errors.NotSignedIn,
    errors.NotAllowed,
    errors.FromElsewhere,
    errors.QuotaExceeded,
    Unavailable,
)
_FIELDS = options.fields()
_WITHOUT_BODY = frozenset({"204", "303", "304"})
_NOT_TO_HEAD = frozenset({"206", "416"})
"""A range means nothing to HEAD (RFC 9110, 14.2), and no answer to it has a body."""


def complete(document: Json, contracts: Contracts) -> Json:
    """Add to the document all that stands in the contracts."""
    document["components"]["schemas"] = components([Problem, *contracts.structs])
    document["components"]["schemas"]["Problem"]["properties"] |= _MEMBERS
    document["components"]["schemas"][options.COMPONENT] = options.component()
    known = {*ALL.values(), *KINDS.values()}
    document["components"]["examples"] = {_example_name(kind): _example(kind) for kind in sorted(known)}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            contract = contracts.of(method.upper(), path)
            operation["security"] = _security(contract)
            operation["summary"] = operation["description"].partition(". ")[0].partition("\n")[0].rstrip(".")
            if parameters := [*map(_given, operation.get("parameters", [])), *_parameters(contract)]:
                operation["parameters"] = parameters
            if body := contract.body or (options.BODY if contract.takes_options else None):
                operation["requestBody"] = {
                    "required": body.required,
                    "content": _content(body.content, with_options=contract.takes_options),
                }
            operation["responses"] = _responses(contract, operation["responses"], head=method == "head")
    link(document)
    return document


def _security(contract: Contract) -> list[Json]:
    """Return the ways to sign in; an empty one where it is not needed."""
    others: list[Json] = [{scheme: []} for scheme in contract.schemes]
    if contract.scope is not None:
        return [{"token": [contract.scope]}, {"cookie": [contract.scope]}, *others]
    return [*others, {}] if others else []


def _given(parameter: Json) -> Json:
    """Return a parameter of the framework's, without null, which no address can hold."""
    schema = {name: each for name, each in parameter["schema"].items() if name != "description"}
    choices = [choice for choice in schema.pop("oneOf", ()) if choice != _NULL]
    schema |= {"anyOf": choices} if len(choices) > 1 else choices[0] if choices else {}
    if "enum" in schema:
        schema |= {"type": "string", "enum": [each for each in schema["enum"] if each is not None]}
    return {name: parameter[name] for name in _OF_PARAMETER if name in parameter} | {"schema": schema}


def _parameters(contract: Contract) -> list[Json]:
    headers = []
    for header in contract.headers:
        limits = {"maxLength": header.longest, "pattern": header.pattern}
        schema = TEXT | {name: limit for name, limit in limits.items() if limit}
        described = {"description": header.description} if header.description else {}
        place = {"name": header.name, "in": "header", "required": header.required}
        headers.append({**place, **described, "schema": schema})
    if contract.chooses_by_options:
        return [*headers, *options.choices()]
    return [*headers, *(options.parameters() if contract.takes_options else ())]


def _content(content: Mapping[str, Schema], *, with_options: bool = False) -> Json:
    """Return the schemas by media type; a form's options stand before its file, as they must be sent."""
    found: Json = {}
    for media_type, schema in content.items():
        shape = schema_of(schema)
        if with_options and media_type == "multipart/form-data":
            shape = {**shape, "properties": _FIELDS | shape["properties"], **apart()}
        found[media_type] = {"schema": shape}
    return found


def _responses(contract: Contract, found: Json, *, head: bool) -> Json:
    """Return the answers and errors; `found` are the framework's, whose errors are not ours."""
    responses = {
        status: {**each, "description": HTTPStatus(int(status)).phrase}
        for status, each in found.items()
        if int(status) < HTTPStatus.BAD_REQUEST
    }
    for code, answer in contract.answers.items():
        responses[str(code)] = responses.get(str(code), {}) | _answer(answer)
    for status in _WITHOUT_BODY & set(responses):
        responses[status].pop("content", None)
    all_errors = (*contract.errors, *(_GUARD if contract.scope is not None else ()))
    if not (contract.takes_options or contract.takes_any_parameter):
        all_errors += (errors.BadParameters,)
    for code, kinds in sorted(_by_status(all_errors).items()):
        headers = _headers(_ERROR_HEADERS.get(code, ()))
        names = [_example_name(kind) for kind in kinds]
        examples = {name: {"$ref": f"#/components/examples/{name}"} for name in names}
        content = {MEDIA_TYPE: {**_PROBLEM, "examples": examples}}
        description = "; ".join(kind.title for kind in kinds)
        responses[str(code)] = {"description": description, "headers": headers, "content": content}
    responses["default"] = {"description": _ANY_OTHER, "content": {MEDIA_TYPE: _PROBLEM}}
    if not head:
        return responses
    return {
        status: {name: part for name, part in each.items() if name != "content"}
        for status, each in responses.items()
        if status not in _NOT_TO_HEAD
    }


def _answer(answer: Answer) -> Json:
    described = {"description": answer.description} if answer.description else {}
    content = {"content": _content(answer.content)} if answer.content else {}
    return {**described, "headers": _headers(answer.headers), **content}


def _headers(names: tuple[str, ...]) -> Json:
    return {name: {"schema": TEXT} for name in names}


def _by_status(found: tuple[Error, ...]) -> dict[int, list[Kind]]:
    kinds: dict[int, list[Kind]] = {}
    for each in dict.fromkeys(found):
        kind = each if isinstance(each, Kind) else KINDS[each]
        kinds.setdefault(kind.status, []).append(kind)
    return kinds


def _example_name(kind: Kind) -> str:
    """Return the name of a problem's example, which differs by status where problems share a name."""
    return kind.name if ALL.get(kind.name, kind) == kind else f"{kind.name}-{kind.status}"


def _example(kind: Kind) -> Json:
    told = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": kind.meaning}
    return {"summary": kind.title, "value": {**told, "instance": "/"}}
