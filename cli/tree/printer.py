"""What a command prints: for people, as JSON, or by a template of one's own."""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar

import click
import msgspec

from cli.errors import WrongArgument
from cli.pretty import console_for, visible, write_json
from cli.remarks import say
from cli.tree.template import Template

T = TypeVar("T")
Rows = Iterable[tuple[str, str]]
_AT_ONCE = 200
"""Rows whose columns are as wide as they need together."""


class Column(NamedTuple, Generic[T]):
    """A column of a table: its heading, what stands in it, and whether it may be cut to fit the terminal."""

    heading: str
    cell: Callable[[T], str]
    right: bool = False
    cut: bool = False


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
        self.one(document, lambda: print(visible(text)))

    def beside(self, text: str) -> None:
        """Say something beside the results: for people among them, else on standard error."""
        print(visible(text)) if self.for_people else say(visible(text))

    def rows(self, document: bytes, rows: Rows) -> None:
        """Print one document; for people by its facts, a name and a text each."""
        self.one(document, lambda: print_rows(rows))

    def table(self, items: Iterable[bytes], kind: type[T], columns: Sequence[Column[T]]) -> int:
        """Print documents as they come, for people as rows of a table; return how many there were."""
        count = 0
        if not self.for_people:
            for item in items:
                self.one(item, lambda: None)
                count += 1
            return count
        read = (msgspec.json.decode(item, type=kind) for item in items)
        if sys.stdout.isatty():
            return sum(_drawn(batch, columns) for batch in _batches(read, columns))
        for each in read:
            print("  ".join(visible(column.cell(each)) for column in columns).rstrip())
            count += 1
        return count

    def _fill(self, template: Template, document: bytes) -> None:
        try:
            line = template.filled(msgspec.json.decode(document, type=dict[str, Any]))
        except (ValueError, TypeError) as error:
            raise WrongArgument(f"--format: {error}") from None
        print(line)


def print_rows(rows: Rows) -> None:
    """Print facts, a name and a text each."""
    known = list(rows)
    widest = max((len(name) for name, _ in known), default=0)
    for name, text in known:
        print(visible(f"{name:<{widest}}  {text}".rstrip()))


class _Batch(NamedTuple):
    rows: list[list[str]]
    headed: bool


def _batches(items: Iterator[T], columns: Sequence[Column[T]]) -> Iterator[_Batch]:
    headed = True
    while rows := [[visible(each.cell(item)) for each in columns] for item in islice(items, _AT_ONCE)]:
        yield _Batch(rows, headed)
        headed = False


def _drawn(batch: _Batch, columns: Sequence[Column[Any]]) -> int:
    """Draw a table on the terminal; return the number of its rows."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", show_header=batch.headed)
    for column in columns:
        table.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=not column.cut,
            overflow="ellipsis",
            min_width=None
            if column.cut
            else max(len(column.heading), *(map(len, _of(batch, column, columns)))),
        )
    for row in batch.rows:
        table.add_row(*(Text(cell, overflow="ellipsis", no_wrap=True) for cell in row))
    console_for(sys.stdout).print(table)
    return len(batch.rows)


def _of(batch: _Batch, column: Column[Any], columns: Sequence[Column[Any]]) -> list[str]:
    at = list(columns).index(column)
    return [row[at] for row in batch.rows]


_JSON = click.option(
    "--json", "as_json", is_flag=True, help="one JSON object a line; `tonearm schema` has its form"
)
_TEMPLATE = click.option(
    "--format",
    "template",
    metavar="TEMPLATE",
    help="lines of your own, such as '{job_id} {audio[bytes]:>12,}': names of the JSON",
)


def printing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare --json and --format, and give the function `out`, a Printer."""

    @_JSON
    @_TEMPLATE
    @functools.wraps(function)
    def printed(*args: Any, as_json: bool, template: str | None, **given: Any) -> Any:
        if as_json and template is not None:
            raise click.UsageError("--json and --format exclude each other")
        read = None if template is None else Template(template)
        return function(*args, out=Printer(json=as_json, template=read), **given)

    return printed


def printing_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare --json alone, for commands whose --format is that of audio, and give the function `out`."""

    @_JSON
    @functools.wraps(function)
    def printed(*args: Any, as_json: bool, **given: Any) -> Any:
        return function(*args, out=Printer(json=as_json), **given)

    return printed
