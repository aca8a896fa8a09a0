"""The schemas of bodies and answers, by name: made from the structs, with all that stands at their fields.

The framework's own leave out what msgspec knows of a field, such as an exclusive minimum.
"""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from gateway.http.contract import Json, Schema

REFERENCE = "#/components/schemas/{name}"


def components(kinds: Iterable[type]) -> Json:
    """Return the schemas of these structs, and of all that stand in them, by name."""
    _, found = msgspec.json.schema_components(tuple(kinds), ref_template=REFERENCE)
    tidied: Json = _tidied(found)
    return tidied


def schema_of(schema: Schema) -> Json:
    """Return a schema for a body: a struct by its name."""
    if isinstance(schema, dict):
        return schema
    (top,), _ = msgspec.json.schema_components([schema], ref_template=REFERENCE)
    return top


def _tidied(node: Any) -> Any:
    """Return the schema with descriptions as they read, and defaults as JSON."""
    if isinstance(node, list):
        return [_tidied(each) for each in node]
    if not isinstance(node, dict):
        return msgspec.to_builtins(node)
    tidied = {name: _tidied(each) for name, each in node.items()}
    if isinstance(description := tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(description)
    return tidied
