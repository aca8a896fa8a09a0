"""A command: its arguments, its help with examples and exit codes, and what `--json` prints."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import click

from cli.errors import WrongArgument
from cli.exits import Codes, Exit
from cli.tree.ending import ended
from cli.tree.extras import lacking
from events.errors import TonearmError

USUAL = {Exit.OK: "it is done", Exit.USAGE: "the arguments are wrong"}
"""What the first exit codes of every command mean."""

Function = Callable[..., Any]


class Sectioned(click.Option):
    """An option that stands in a section of its own in the help."""

    def __init__(self, *args: Any, section: str, **about: Any) -> None:
        super().__init__(*args, **about)
        self.section = section


def option_of(section: str) -> Callable[..., Callable[[Function], Function]]:
    """Return click's `option` for options of this section."""
    return partial(click.option, cls=Sectioned, section=section)


class Told(click.Command):
    """A command whose help ends with examples and exit codes, and whose errors end as sentences."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        exits: Mapping[Exit, str] | None = None,
        codes: Codes | None = None,
        output: Any = None,
        **about: Any,
    ) -> None:
        about.setdefault("context_settings", {}).setdefault("help_option_names", ["-h", "--help"])
        super().__init__(*args, **about)
        self.examples = examples
        self.exits = {**USUAL, **exits} if exits is not None else {}
        self.codes = codes or {}
        self.output = output

    def invoke(self, ctx: click.Context) -> Any:
        """Run it. Returns its exit code."""
        try:
            return super().invoke(ctx)
        except (OSError, TonearmError) as error:
            return ended(ctx.command_path, error, self.codes)
        except UnicodeEncodeError:  # bytes of an argument, or of a file's name, which nothing can be told by
            not_text = WrongArgument("an argument has bytes that are no text in UTF-8")
            return ended(ctx.command_path, not_text, self.codes)
        except ModuleNotFoundError as error:
            if (absent := lacking(error)) is None:
                raise
            return ended(ctx.command_path, absent, self.codes)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options: those that have a section below its name, behind all others."""
        if not any(isinstance(param, Sectioned) for param in self.get_params(ctx)):
            return super().format_options(ctx, formatter)
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record:
                section = param.section if isinstance(param, Sectioned) else "Options"
                sections.setdefault(section, []).append(record)
        for name, records in sections.items():
            with formatter.section(name):
                formatter.write_dl(records)
        return None

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, a line each, and the exit codes as a paragraph."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':{formatter.current_indent}}{example}\n")
        if self.exits:
            codes = "; ".join(f"{int(code)} {meaning}" for code, meaning in sorted(self.exits.items()))
            formatter.write_paragraph()
            formatter.write_text(f"Exit codes: {codes}.")
        super().format_epilog(ctx, formatter)


def command(
    *,
    examples: Sequence[str] = (),
    exits: Mapping[Exit, str] | None = None,
    codes: Codes | None = None,
    output: Any = None,
    **about: Any,
) -> Callable[[Function], Told]:
    """Make a command of a function, whose docstring is its help.

    `exits` are the exit codes besides 0 and 2, in words. `codes` are those of its own kinds of error.
    `output` is the type of a line of `--json`: ours, or a name in the gateway's API.
    """
    return click.command(cls=Told, examples=examples, exits=exits or {}, codes=codes, output=output, **about)
