"""The output of a command: for people, as JSON, or by a template of one's own."""

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

import click
import msgspec

from cli.errors import WrongArgument
from cli.pretty import console_for, for_reading, visible, write_json
from cli.streams.remarks import say
from cli.tree.command import Sectioned, option_of
from cli.tree.table import Column, Kind, laid_out
from cli.tree.template import Template

__all__ = ["Column", "Kind", "Printer", "Rows", "print_rows", "printing", "printing_json"]

T = TypeVar("T")
Rows = Iterable[tuple[str, str]]
_AT_ONCE = 200
"""Rows whose columns are as wide as they need together."""


class Printer:
    """Prints JSON documents, one a line, or what people want to read of them."""

    def __init__(self, *, json: bool = False, template: Template | None = None) -> None:
        self.json = json
        self._template = template

    @property
    def for_people(self) -> bool:
        """True if neither JSON nor a template is wanted."""
        return not self.json and self._template is None

    def one(self, document: bytes, told: Callable[[], None]) -> None:
        """Print one document; `told` prints it for people."""
        if self.json:
            write_json(document)
        elif self._template is not None:
            self._fill(self._template, document)
        else:
            told()

    def line(self, document: bytes, text: str) -> None:
        """Print one document; for people it is this line."""
        self.one(document, lambda: print(for_reading(text, sys.stdout)))

    def beside(self, text: str) -> None:
        """Say something beside the results: for people among them, else on standard error."""
        print(for_reading(text, sys.stdout)) if self.for_people else say(text)

    def rows(self, document: bytes, rows: Rows) -> None:
        """Print one document; for people by its facts, a name and a text each."""
        self.one(document, lambda: print_rows(rows))

    def table(
        self, items: Iterable[bytes], kind: type[T], columns: Sequence[Column[T]], *, before: int = 0
    ) -> int:
        """Print documents as they come, for people as rows of a table; return how many there were.

        `before`: so many rows of this table are printed already.
        """
        count = 0
        if not self.for_people:
            for item in items:
                self.one(item, lambda: None)
                count += 1
            return count
        read = (msgspec.json.decode(item, type=kind) for item in items)
        rows = ([visible(column.cell(each)) for column in columns] for each in read)
        at_once = _AT_ONCE if sys.stdout.isatty() else 1
        while batch := [*islice(rows, at_once)]:
            if sys.stdout.isatty():
                _drawn(batch, columns, headed=before + count == 0)
            else:
                print("  ".join(batch[0]).rstrip())
            count += len(batch)
        return count

    def _fill(self, template: Template, document: bytes) -> None:
        try:
            line = template.filled(msgspec.json.decode(document, type=dict[str, Any]))
        except (ValueError, TypeError) as error:
            raise WrongArgument(f"--format: {error}") from None
        print(line, flush=True)  # as JSON is: somebody may follow it


def print_rows(rows: Rows) -> None:
    """Print facts, a name and a text each."""
    known = list(rows)
    widest = max((len(name) for name, _ in known), default=0)
    for name, text in known:
        print(visible(f"{name:<{widest}}  {text}".rstrip()))


def _drawn(rows: Sequence[Sequence[str]], columns: Sequence[Column[Any]], *, headed: bool) -> None:
    """Draw a table on the terminal."""
    from rich.text import Text

    console = console_for(sys.stdout)
    heading, *lines = laid_out(columns, rows, console.width)
    if headed:
        console.print(Text(heading, style="dim"), soft_wrap=True)
    for line in lines:
        print(line)


class _TemplateOption(Sectioned):
    """An option whose example has fields that the command prints."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return its name and help."""
        from cli.tree.fields import example, fields_of

        if (record := super().get_help_record(ctx)) is None:
            return None
        shown = example(fields_of(getattr(ctx.command, "output", None)))
        return record[0], f"lines of your own, such as '{shown}': names of the JSON" if shown else record[1]


_option = option_of("What is printed")
_JSON = _option(
    "--json", "as_json", is_flag=True, help="one JSON object a line; `tonearm schema` has its form"
)
_TEMPLATE = click.option(
    "--format",
    "template",
    cls=_TemplateOption,
    section="What is printed",
    metavar="TEMPLATE",
    help="lines of your own: names of the JSON in braces",
)


def _read(text: str) -> Template:
    """Return the template. Raises WrongArgument, and click's usage error for a name that no line has."""
    from cli.tree.fields import check, fields_of

    template = Template(text)
    check(template.names, fields_of(getattr(click.get_current_context().command, "output", None)))
    return template


def printing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare --json and --format, and give the function `out`, a Printer."""

    @_JSON
    @_TEMPLATE
    @functools.wraps(function)
    def printed(*args: Any, as_json: bool, template: str | None, **given: Any) -> Any:
        if as_json and template is not None:
            raise click.UsageError("--json and --format exclude each other")
        read = None if template is None else _read(template)
        return function(*args, out=Printer(json=as_json, template=read), **given)

    return printed


def printing_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare --json alone, for commands whose --format is that of audio, and give the function `out`."""

    @_JSON
    @functools.wraps(function)
    def printed(*args: Any, as_json: bool, **given: Any) -> Any:
        return function(*args, out=Printer(json=as_json), **given)

    return printed
