"""The pages that the `type` of every problem leads to: what it means, and what helps (RFC 9457, 3.1.1).

HTML for browsers; JSON for programs that ask for it, and text for all others.
"""

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from gateway.http.contract import ANYBODY, TEXT, Answer, Contract, as_json
from gateway.http.pages import Link, page
from service.http.preference import preferred
from service.known_problems import ALL, NOTHING_HERE
from service.problems import Kind

_OFFERED = ["text/plain", "application/json", "text/html"]
"""The first for who takes anything."""
_CACHED = {"Cache-Control": "public, max-age=3600", "Vary": "Accept"}
_TAGS = ["operation"]


class ProblemType(Struct, frozen=True):
    """The meaning of a `type`. `status` is the one that it comes with; `remedy` is what helps."""

    type: str
    title: str
    status: int
    meaning: str
    remedy: str


class ProblemTypes(Struct, frozen=True):
    """All of them."""

    items: list[ProblemType]


@get(
    "/problems",
    operation_id="listProblemTypes",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(),
        answers={200: Answer("All types", {**as_json(ProblemTypes), "text/plain": TEXT, "text/html": TEXT})},
    ).opt,
)
async def list_problem_types(request: Request[Any, Any, Any]) -> Response[Any]:
    """List the types of problems that this service answers with."""
    kinds = sorted(ALL.values())
    match _wanted(request):
        case MediaType.HTML:
            links = [Link(f"{kind.status} {kind.title}", f".{kind.type}") for kind in kinds]
            return _shown("Problems", "Each error of this service is one of these.", root="./", links=links)
        case MediaType.JSON:
            return Response(ProblemTypes([_type(kind) for kind in kinds]), headers=_CACHED)
    lines = (f"{kind.type}  {kind.status} {kind.title}\n" for kind in kinds)
    return Response("".join(lines), media_type=MediaType.TEXT, headers=_CACHED)


@get(
    "/problems/{name:str}",
    operation_id="getProblemType",
    tags=_TAGS,
    opt=Contract(
        scope=ANYBODY,
        errors=(NOTHING_HERE,),
        answers={200: Answer("The type", {**as_json(ProblemType), "text/plain": TEXT, "text/html": TEXT})},
    ).opt,
)
async def get_problem_type(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """Say what the `type` of a problem means, and what helps."""
    kind = ALL.get(name)
    if kind is None:
        raise NotFoundException("there is no problem with this name; /problems lists those there are")
    match _wanted(request):
        case MediaType.HTML:
            status = f"It comes with the status {kind.status}."
            more = [status, f"What helps: {kind.remedy}"]
            links = [Link("All problems", "../problems")]
            return _shown(kind.title, kind.meaning, root="../", more=more, links=links)
        case MediaType.JSON:
            return Response(_type(kind), headers=_CACHED)
    text = f"{kind.title} ({kind.status})\n\n{kind.meaning}\n\nWhat helps: {kind.remedy}\n"
    return Response(text, media_type=MediaType.TEXT, headers=_CACHED)


def _wanted(request: Request[Any, Any, Any]) -> str | None:
    return preferred(request, _OFFERED)


def _type(kind: Kind) -> ProblemType:
    return ProblemType(kind.type, kind.title, kind.status, kind.meaning, kind.remedy)


def _shown(
    title: str, text: str, *, root: str, links: list[Link], more: list[str] | None = None
) -> Response[str]:
    shown = page(title, text, root=root, more=more or (), links=links)
    shown.headers.update(_CACHED)
    return shown


ROUTES = [list_problem_types, get_problem_type]
