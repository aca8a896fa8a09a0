"""One JSON Schema (draft 2020-12) for the data of every version of every event, and one for the envelope.

The files beside this one are generated from the structs by `python -m events.asyncapi --write`. The
`$id` of a data schema is the `dataschema` of the events it describes.
"""

from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from events.envelope import Event
from events.registry import REGISTRY, Registry

FOLDER = Path(__file__).parent

Json = dict[str, Any]


def documents(registry: Registry = REGISTRY) -> dict[str, Json]:
    """Return the schemas by file name."""
    named = {"envelope.json": _document(Event, "urn:tonearm:envelope:1")}
    for (type_, version), shape in registry.shapes().items():
        named[f"{type_}.v{version}.json"] = _document(shape, f"urn:tonearm:event:{type_}:{version}")
    return named


def components(shapes: list[type[Struct]]) -> Json:
    """Return the schemas of several structs by name, referring to each other as AsyncAPI has it."""
    _, schemas = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    tidied: Json = _tidy(schemas)
    return tidied


def summary(shape: type[Struct]) -> str:
    """Return the first paragraph of a struct's docstring, in one line."""
    return cleandoc(shape.__doc__ or shape.__name__).partition("\n\n")[0].replace("\n", " ")


def write(files: dict[str, Json], folder: Path = FOLDER) -> None:
    """Make the folder hold these files and no other JSON."""
    for path in folder.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(pretty(content))


def pretty(content: Json) -> bytes:
    """Encode for people: indented, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _document(shape: type[Struct], id_: str) -> Json:
    head: Json = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id_}
    body: Json = _tidy(msgspec.json.schema(shape))
    return head | body


def _tidy(schema: Any) -> Any:
    """Return the schema with its docstrings free of indentation."""
    if isinstance(schema, dict):
        return {
            key: cleandoc(value) if key == "description" and isinstance(value, str) else _tidy(value)
            for key, value in schema.items()
        }
    return [_tidy(item) for item in schema] if isinstance(schema, list) else schema
