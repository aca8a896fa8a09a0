"""The options in OpenAPI, made from their types: descriptions and limits stand at the fields."""

from typing import Any

import msgspec

from events.options import SAMPLE_RATES, SHORTEST, Options, Tags
from events.timing.chapters import LINE
from events.wishes import SPANS, TAGS, TIMES
from gateway.http.contract import Body
from gateway.openapi.rules import LEVELS, RATES, apart
from gateway.openapi.schemas import REFERENCE
from gateway.uploads import preset_names
from gateway.uploads.options import PRESET

Json = dict[str, Any]

_NARROWER: dict[str, Json] = {
    "sample_rate": {"enum": list(SAMPLE_RATES)},
    "quality": {"pattern": f"^({LEVELS}|{RATES}|[Ss][Oo][Uu][Rr][Cc][Ee])?$"},
    "end": {"minimum": SHORTEST},
    "marks": {"pattern": f"^{LINE}(\\r?\\n{LINE})*$"},
}
"""Limits that the types leave to `events.options.faults`."""
_PRESET: Json = {
    "type": "string",
    "maxLength": preset_names.LONGEST,
    "description": "The name of a preset of yours; what is given beside it outweighs it. Empty: none.",
}


def properties() -> dict[str, Json]:
    """Return the schema of every option by name, as it is given: a tag like any other."""
    _, components = msgspec.json.schema_components([Options, Tags], ref_template=REFERENCE)
    found = components["Options"]["properties"] | components["Tags"]["properties"]
    return {name: _schema(name, each, components) for name, each in found.items() if name != "tags"}


COMPONENT = "WantedOptions"
"""The name of the options as a JSON object."""

OBJECT: Json = {"$ref": REFERENCE.format(name=COMPONENT)}
BODY = Body({"application/json": OBJECT}, required=False)
"""The body of a route that takes options and nothing else."""


def component() -> Json:
    """Return the schema of the options as JSON, in the shape that answers show. Nothing is required."""
    found = properties() | {PRESET: _PRESET}
    tags = {name: found.pop(name) | {"type": ["string", "null"]} for name in TAGS}  # as jobs show them
    found["tags"] = {
        "type": ["object", "null"],
        "description": "The tags of the result.",
        "properties": tags,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "title": COMPONENT,
        "description": "The options to set. The preset or the server's default decides the others."
        " One that is here is not in the query, too.",
        "properties": found,
        "additionalProperties": False,
        "examples": [{"format": "opus", "quality": "96k", "start": 90, "tags": {"title": "Part two"}}],
        **apart(),
    }


def fields() -> dict[str, Json]:
    """Return the options, and several of them at once, as the fields of a form."""
    return {**properties(), PRESET: _PRESET, "options": OBJECT}


def parameters() -> list[Json]:
    """Return the options as query parameters."""
    wanted = properties() | {PRESET: _PRESET}
    return [_parameter(name, schema, schema["description"]) for name, schema in wanted.items()]


def choices() -> list[Json]:
    """Return the options as query parameters by which jobs are chosen."""
    return [_parameter(name, schema, f"Only jobs with this {name}.") for name, schema in properties().items()]


def _parameter(name: str, schema: Json, description: str) -> Json:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _schema(name: str, found: Json, components: Json) -> Json:
    """Return one option's own schema. No default: a preset or a setting may have another."""
    schema = {key: value for key, value in found.items() if key not in ("default", "anyOf")}
    for choice in found.get("anyOf", ()):
        if choice != {"type": "null"}:
            schema |= choice
    if reference := schema.pop("$ref", None):
        schema |= {"$ref": reference, "description": components[reference.rpartition("/")[2]]["description"]}
    schema |= _NARROWER.get(name, {})
    schema["description"] = " ".join(schema["description"].split())
    if name in TIMES:
        schema["description"] += " Also as a text such as 1:30 or 1m30s."
    if name in SPANS:
        schema["description"] += " Also as a text such as 12h, 7d or 2w."
    return schema
