"""The fields of what a command prints as JSON: for the example in its help, and for slips in a template."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from cli.schemas import schema_of
from cli.tree.group import suggestion

Fields = Mapping[str, Any]
_PLAIN = ("string", "integer", "number")


def fields_of(output: Any) -> Fields:
    """Return the schemas of a line's fields by their names; nothing where they are not all known."""
    if output is None:
        return {}
    whole = schema_of(output, "")
    kinds = list(_objects(whole, whole.get("$defs", {})))
    if any("additionalProperties" in kind or "properties" not in kind for kind in kinds):
        return {}
    return {name: field for kind in kinds for name, field in kind["properties"].items()}


def example(fields: Fields) -> str:
    """Return a template of the first fields that are plain, such as `{name} {url}`."""
    plain = [name for name, field in fields.items() if _is_plain(field)]
    return " ".join(f"{{{name}}}" for name in (plain or list(fields))[:2])


def check(names: set[str], fields: Fields) -> None:
    """Raise click's usage error for a name that no line has."""
    for name in sorted(names - set(fields)) if fields else ():
        hint = suggestion(name, fields) or f"; there are {', '.join(fields)}"
        raise click.UsageError(f"--format: there is no {{{name}}}{hint}")


def _is_plain(field: Mapping[str, Any]) -> bool:
    kinds = [field, *field.get("anyOf", ())]
    return any(kind.get("type") in _PLAIN for kind in kinds)


def _objects(node: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the objects that a schema allows."""
    if reference := node.get("$ref"):
        yield from _objects(known[reference.rpartition("/")[2]], known)
    elif choices := node.get("anyOf") or node.get("oneOf"):
        for each in choices:
            yield from _objects(each, known)
    else:
        yield node
