"""The options in OpenAPI, made from their types, so that the document tells of those there are."""

import ast
import inspect
from enum import EnumMeta
from itertools import pairwise
from textwrap import dedent
from typing import Any, get_args

import msgspec

from events.options import SAMPLE_RATES, Options, Tags

Json = dict[str, Any]

_REF = "{name}"
_ENUMS = {"sample_rate": list(SAMPLE_RATES)}
"""What the types leave to `faults`."""


def properties() -> dict[str, Json]:
    """Return the schema of every option by name, as it is given: a tag like any other."""
    _, kinds = msgspec.json.schema_components([Options, Tags], ref_template=_REF)
    return {
        field.name: _schema(struct, field, kinds[struct.__name__]["properties"][field.name], kinds)
        for struct in (Options, Tags)
        for field in msgspec.structs.fields(struct)
        if field.name != "tags"
    }


def parameters() -> list[Json]:
    """Return the options as query parameters."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema["description"],
            "schema": schema,
        }
        for name, schema in properties().items()
    ]


def _schema(struct: type, field: Any, found: Json, kinds: Json) -> Json:
    """Return one option's own schema. No default: a preset or a setting may have another."""
    schema = {key: value for key, value in found.items() if key != "default"}
    choices = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
    for each in choices:
        schema |= each
    if "$ref" in schema:
        schema |= {
            key: kinds[schema["$ref"]][key] for key in ("type", "enum") if key in kinds[schema["$ref"]]
        }
        del schema["$ref"]
    if "enum" in schema:
        schema.setdefault("type", "string")
    if field.name in _ENUMS:
        schema["enum"] = _ENUMS[field.name]
    schema.setdefault("description", _described(struct, field.name, field.type))
    return schema


def _described(struct: type, name: str, kind: Any) -> str:
    """Return what the source says of the option, else its type, else the struct as a whole."""
    enum = next((each for each in (kind, *get_args(kind)) if isinstance(each, EnumMeta)), None)
    said = _SAID[struct].get(name) or (enum and enum.__doc__) or f"{name.replace('_', ' ')}. {struct.__doc__}"
    return " ".join(said.replace("`", "").replace("None", "not given").split())


def _said(struct: type) -> dict[str, str]:
    """Return the texts below a class's attributes, by name."""
    (made,) = ast.parse(dedent(inspect.getsource(struct))).body
    body = made.body if isinstance(made, ast.ClassDef) else []
    return {
        before.target.id: after.value.value
        for before, after in pairwise(body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


_SAID: dict[type, dict[str, str]] = {struct: _said(struct) for struct in (Options, Tags)}
"""Read once, at the start: before 3.11.8 `ast.parse` fails when a traceback is written while it runs."""
