"""`tonearm schema`: the contract of the log, or of what a command prints with `--json`."""

import sys
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from cli.errors import NothingFound, WrongArgument
from cli.exits import Exit
from cli.schemas import schema_of
from cli.tree.command import Told, command
from cli.tree.group import Group, suggestion
from events import schemas


class _Word(click.ParamType[str]):
    """A word of a command's name."""

    name = "COMMAND"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the names that begin so behind those that are typed."""
        try:
            group = _found(ctx, ctx.params.get("words") or ())
        except WrongArgument:
            return []
        return group.shell_complete(ctx, incomplete) if isinstance(group, Group) else []


@command(
    examples=["tonearm schema > events.json", "tonearm schema jobs list", "tonearm schema convert"],
    exits={Exit.NOTHING: "the command prints no JSON"},
)
@click.argument("words", type=_Word(), nargs=-1, metavar="[COMMAND]...", help="such as jobs list")
@click.pass_context
def schema(context: click.Context, words: tuple[str, ...]) -> None:
    """Print the JSON Schema of a line that a command prints with --json.

    Without a command: the contract of the log, the AsyncAPI document of all events.
    """
    if not words:
        from events import asyncapi  # with a driver, which a client lacks

        sys.stdout.buffer.write(schemas.pretty(asyncapi.document()))
        return
    found = _found(context, words)
    if isinstance(found, Group) and found.usual:
        words, found = (*words, found.usual), found.entries[found.usual].command(found.usual)
    if isinstance(found, Group):
        raise WrongArgument(f"which command of {' '.join(words)}? {', '.join(found.entries)}")
    output = found.output if isinstance(found, Told) else None
    if output is None:
        raise NothingFound(f"tonearm {' '.join(words)} prints no JSON")
    sys.stdout.buffer.write(schemas.pretty(schema_of(output, f"tonearm {' '.join(words)} --json")))


def _found(context: click.Context, words: Sequence[str]) -> click.Command:
    """Return the command of this name. Raises WrongArgument."""
    found = context.find_root().command
    for word in words:
        entries = found.entries if isinstance(found, Group) else {}
        if word not in entries:
            raise WrongArgument(f"there is no command {' '.join(words)}{suggestion(word, entries)}")
        found = entries[word].command(word)
    return found
