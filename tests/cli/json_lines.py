"""What commands print with `--json`, held against their schemas."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import click
import msgspec
from jsonschema import Draft202012Validator

from cli.main import tonearm
from cli.schemas import schema_of
from cli.tree.group import Group


def commands(group: Group = tonearm, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command by its words, also by its other names."""
    for name, entry in group.entries.items():
        found = entry.command(name)
        if isinstance(found, Group):
            yield from commands(found, (*path, name))
        else:
            yield (*path, name), found


def prints_json(command: click.Command) -> bool:
    return any("--json" in param.opts for param in command.params)


def command_of(words: Sequence[str]) -> Any:
    """The command that these words are for."""
    found: Any = tonearm
    for word in words:
        if not isinstance(found, Group):
            break
        found = found.entries[word].command(word) if word in found.entries else found
    return found.entries[found.usual].command(found.usual) if isinstance(found, Group) else found


def check(words: Sequence[str], out: str) -> None:
    """Hold each line against the schema of the command that these words are for."""
    output = command_of(words).output
    assert output is not None, words
    for line in out.splitlines():
        faults = [error.message for error in validator(output).iter_errors(msgspec.json.decode(line))]
        assert faults == [], (words, line)


@cache
def validator(output: Any) -> Draft202012Validator:
    """Of a schema that knows all fields: one that is not in it is a fault here."""
    return Draft202012Validator(closed(schema_of(output, "")))


def closed(node: Any) -> Any:
    if isinstance(node, list):
        return [*map(closed, node)]
    if not isinstance(node, dict):
        return node
    known = {name: closed(each) for name, each in node.items()}
    return {"additionalProperties": False, **known} if isinstance(node.get("properties"), dict) else known
