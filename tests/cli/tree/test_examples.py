"""The help of every command, as people read it first."""

import shlex
from collections.abc import Iterator

import click
import pytest

from cli.main import COMMANDS, tonearm
from cli.tree.command import Told
from cli.tree.group import Group


def every(command: click.Command, path: str = "tonearm") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, Group):
        for name, entry in command.entries.items():
            yield from every(entry.command(name), f"{path} {name}")


ALL = dict(every(tonearm))
OPERATORS = set("|;&<>()\n") | {"||", "&&", ">>", "<<", "|&"}


def lines(example: str) -> Iterator[list[str]]:
    """The command lines of ours in an example, as words. What stands around them is a shell's."""
    reader = shlex.shlex(example.replace('"$(', "(").replace(')"', ")"), posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    line: list[str] = []
    for word in (*reader, ";"):
        if word not in OPERATORS:
            line.append(word)
            continue
        while line and "=" in line[0]:  # a variable, for this command only
            line = line[1:]
        if line[:1] == ["tonearm"]:
            yield line
        line = []


@pytest.mark.parametrize("path", ALL)
def test_every_command_says_what_it_does_with_an_example_that_it_takes(path: str) -> None:
    command = ALL[path]
    assert isinstance(command, Told)
    assert command.help
    assert command.examples, f"{path} has no example"
    for example in command.examples:
        known = list(lines(example))
        assert known, example
        for line in known:
            parsed(line)


def parsed(line: list[str]) -> None:
    """Read a line as the tree does, and run nothing."""
    context: click.Context | None = None
    command: click.Command = tonearm
    name, words = line[0], line[1:]
    while True:
        with command.make_context(name, list(words), parent=context) as context:
            pass
        if not isinstance(command, Group):
            return
        rest = [*context._protected_args, *context.args]
        name, below, words = command.resolve_command(context, rest)
        assert below is not None
        command = below


def test_an_example_with_a_slip_is_found() -> None:
    with pytest.raises(click.UsageError):
        parsed(["tonearm", "account", "list", "--rolle", "admin"])
    assert [*lines('eval "$(tonearm completion zsh)"   # in ~/.zshrc')] == [["tonearm", "completion", "zsh"]]
    assert COMMANDS
