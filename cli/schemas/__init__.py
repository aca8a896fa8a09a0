"""JSON Schemas (draft 2020-12) of what `--json` prints, one object a line.

`gateway.json` has those of the gateway's answers, by name: `python -m gateway.schemas --write` writes it.
"""

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, get_args

import msgspec

Json = dict[str, Any]

_GATEWAY_REFERENCE = "#/components/schemas/"
_REFERENCE = "#/$defs/"


def schema_of(output: Any, title: str) -> Json:
    """Return the schema of a line with all that it refers to.

    `output` is a type of ours, the name of an answer of the gateway, or several as a tuple or a union.
    """
    kinds = output if isinstance(output, tuple) else get_args(output) or (output,)
    tops: list[Json] = []
    known: Json = {}
    for kind in kinds:
        top, found = _of_gateway(kind) if isinstance(kind, str) else _of_type(kind)
        tops.append(top)
        known |= found
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    body = tops[0] if len(tops) == 1 else {"anyOf": tops}
    return {**head, **body, **({"$defs": known} if known else {})}


@cache
def answers() -> Mapping[str, Json]:
    """Return the schemas of the gateway's answers by name."""
    found: Json = msgspec.json.decode(files(__name__).joinpath("gateway.json").read_bytes())
    return found


def _of_gateway(name: str) -> tuple[Json, Json]:
    needed = {name}
    todo = [name]
    while todo:
        new = set(_named(answers()[todo.pop()])) - needed
        needed |= new
        todo += new
    return {"$ref": _REFERENCE + name}, {each: _moved(answers()[each]) for each in sorted(needed)}


def _of_type(kind: Any) -> tuple[Json, Json]:
    (top,), found = msgspec.json.schema_components([kind], ref_template=_REFERENCE + "{name}")
    return _tidied(top), _tidied(found)


def _named(node: Any) -> Iterator[str]:
    """Yield the names that a schema refers to."""
    match node:
        case {"$ref": str(reference)}:
            yield reference.removeprefix(_GATEWAY_REFERENCE)
        case dict():
            for each in node.values():
                yield from _named(each)
        case list():
            for each in node:
                yield from _named(each)


def _moved(node: Any) -> Any:
    """Return the schema with references to where it stands now."""
    match node:
        case {"$ref": str(reference)}:
            return {**node, "$ref": reference.replace(_GATEWAY_REFERENCE, _REFERENCE)}
        case dict():
            return {name: _moved(each) for name, each in node.items()}
        case list():
            return [*map(_moved, node)]
    return node


def _tidied(node: Any) -> Any:
    """Return the schema with descriptions as they read, and defaults as JSON."""
    if isinstance(node, list):
        return [*map(_tidied, node)]
    if not isinstance(node, dict):
        return msgspec.to_builtins(node)
    tidied = {name: _tidied(each) for name, each in node.items()}
    if isinstance(told := tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(told)
    return tidied
