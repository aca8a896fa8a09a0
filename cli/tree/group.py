"""Groups of commands. Each command is imported only when it is called, so that `--help` is quick."""

import difflib
import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from cli.tree.command import Told
from cli.tree.extras import lacking

_OF_THE_GATEWAY = ("--on", "--url", "--email")

_ID = re.compile(r"@-\d+|(?=\D*\d)[0-9a-f-]{4,36}")
"""What is an id perhaps, or the beginning of one."""


class Entry(NamedTuple):
    """The place of a command, as `package.module:name`, and its line of help."""

    at: str
    summary: str
    section: str = "Commands"
    """In the help; empty: it is left out there."""
    finds_the_stack: bool = False
    """It is for a server, and finds the local stack's by itself where no URL is set."""

    def command(self, name: str) -> click.Command:
        """Import the command. Where it cannot be, what is returned names what it lacks."""
        module, _, attribute = self.at.partition(":")
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if lacking(error) is None:
                raise
            return _Absent(name, error)
        command: click.Command = getattr(found, attribute)
        return command


class Group(Told, click.Group):
    """A group by a table of its commands, listed in its order and by its sections."""

    def __init__(self, name: str, entries: Mapping[str, Entry], usual: str = "", **about: Any) -> None:
        """`usual` is the command that is meant where none is named; empty: one has to be."""
        if usual:
            about["help"] = f"{about.get('help', '')} Without a command: {usual}.".lstrip()
        super().__init__(name, **about)
        self.entries = entries
        self.usual = usual

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments. The options of the gateway may stand before the command's name, too."""
        if self.usual and not (ctx.resilient_parsing and not args):  # else a name may be completed
            args = self._named(args, [*self.get_help_option_names(ctx)])
        return super().parse_args(ctx, args)

    def _named(self, args: list[str], helping: list[str]) -> list[str]:
        """Return the arguments with a command's name before them."""
        moved: list[str] = []
        while args and args[0].partition("=")[0] in _OF_THE_GATEWAY:
            count = 1 if "=" in args[0] else 2
            moved, args = moved + args[:count], args[count:]
        if args and (not args[0].startswith("-") or args[0] in helping):
            return [args[0], *moved, *args[1:]]
        return [self.usual, *moved, *args]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the table's order."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None: there is none of this name."""
        entry = self.entries.get(cmd_name)
        return entry.command(cmd_name) if entry else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises click's error with those that are meant perhaps: the table has them."""
        if args[0] not in self.entries and not args[0].startswith("-") and not ctx.resilient_parsing:
            if "show" in self.entries and _ID.fullmatch(args[0]):
                meant = f"{ctx.command_path} show {args[0]}"
                raise click.UsageError(f"No such command {args[0]!r}. Did you mean `{meant}`?", ctx)
            raise click.NoSuchCommand(args[0], possibilities=self.entries, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by sections, importing none of them."""
        widest = max(map(len, self.entries))
        shown = (item for item in self.entries.items() if item[1].section)
        for section, members in groupby(shown, lambda item: item[1].section):
            with formatter.section(section):
                formatter.write_dl((name.ljust(widest), entry.summary) for name, entry in members)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that begin so, importing none of them, and the group's own options."""
        known = [
            CompletionItem(name, help=entry.summary)
            for name, entry in self.entries.items()
            if name.startswith(incomplete)
        ]
        if self.usual and incomplete.startswith("-"):
            return self.entries[self.usual].command(self.usual).shell_complete(ctx, incomplete)
        return known + click.Command.shell_complete(self, ctx, incomplete)


class _Absent(Told):
    """A command whose libraries are not installed. It names them, whatever it is given."""

    def __init__(self, name: str, error: ModuleNotFoundError) -> None:
        super().__init__(
            name,
            callback=self._complain,
            params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
            context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
            add_help_option=False,
        )
        self._error = error

    def _complain(self, words: Sequence[str]) -> None:
        raise self._error


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` for a word that is nearly a known one, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
