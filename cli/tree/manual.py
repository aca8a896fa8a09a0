"""The manual page of all commands, written from the tree for man(7): what `--help` prints, in one page."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import click

from cli.tree.command import Sectioned, Told
from cli.tree.group import Entry, Group

_WIDTH = 78
_OPTIONS = "Options"


def page(root: Group, version: str, date: str, closing: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Return the page. `closing` are further sections: names with what each means."""
    name = root.name or ""
    context = click.Context(root, info_name=name)
    lines = [
        f'.TH {name.upper()} 1 {date} "{_escaped(f"{name} {version}")}" ""',
        *(".nh", ".ad l", ".SH NAME", f"{name} \\- {_escaped(_begun_small(root.help or ''))}"),
        *(".SH SYNOPSIS", f".B {name}", *_words("COMMAND [OPTION]… [ARGUMENT]…")),
    ]
    shown = {word: entry for word, entry in root.entries.items() if entry.section}
    for section, members in groupby(shown.items(), lambda item: item[1].section):
        lines += [f'.SH "{_escaped(section.upper())}"']
        for word, entry in members:
            lines += _command(entry, word, context, shown)
    for section, facts in closing.items():
        lines += [f'.SH "{_escaped(section)}"', *_facts(facts)]
    return "\n".join(lines) + "\n"


def _command(entry: Entry, word: str, above: click.Context, known: Mapping[str, Entry]) -> Iterator[str]:
    """Yield a command's part of the page, and those of the commands below it that stand nowhere else."""
    command = entry.command(word)
    context = click.Context(command, info_name=word, parent=above)
    usage = f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}"
    yield f'.SS "{_escaped(usage)}"'
    yield from _prose(command.help or f"{entry.summary}.")
    for section, options in _options(command, context).items():
        if section != _OPTIONS:
            yield from (".PP", *_words(f"{section}:"))
        yield from _facts(options)
    yield from _examples(command)
    if command.epilog:
        yield from (".PP", *_prose(command.epilog))
    if not isinstance(command, Group):
        return
    elsewhere = {entry.at: name for name, entry in known.items()}
    for name, below in command.entries.items():
        if below.at in elsewhere:
            same = f"is `{above.command_path} {elsewhere[below.at]}`."
            yield from (f'.SS "{_escaped(f"{context.command_path} {name}")}"', *_words(same))
        else:
            yield from _command(below, name, context, known)


def _options(command: click.Command, context: click.Context) -> dict[str, list[tuple[str, str]]]:
    """Return arguments and options with their descriptions, by the sections of the help."""
    found: dict[str, list[tuple[str, str]]] = {_OPTIONS: []}
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record and record[1] and "--help" not in param.opts:
            section = param.section if isinstance(param, Sectioned) else _OPTIONS
            found.setdefault(section, []).append((record[0], record[1]))
    return {section: records for section, records in found.items() if records}


def _examples(command: click.Command) -> Iterator[str]:
    if not isinstance(command, Told):
        return
    if command.examples:
        yield from (".PP", "Examples:", ".PP", ".RS 4", ".nf")
        yield from (_line(example) for example in command.examples)
        yield from (".fi", ".RE")
    own = {code: meaning for code, meaning in command.exits.items() if int(code) not in (0, 2)}
    if own:
        told = "; ".join(f"{int(code)} {meaning}" for code, meaning in sorted(own.items()))
        yield from (".PP", *_words(f"Exit codes: {told}."))


def _facts(facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in facts:
        yield from (".TP", f'.B "{_escaped(name)}"', *_words(meaning))


def _prose(text: str) -> Iterator[str]:
    """Yield paragraphs; those that begin with \\b keep their lines, as click has it."""
    for number, paragraph in enumerate(re.split(r"\n\s*\n", textwrap.dedent(text).strip())):
        if number:
            yield ".PP"
        if paragraph.startswith("\b"):
            yield from (".nf", *map(_line, paragraph.splitlines()[1:]), ".fi")
        else:
            yield from _words(paragraph)


def _words(text: str) -> Iterator[str]:
    whole = _escaped(" ".join(text.split()))
    for line in textwrap.wrap(whole, _WIDTH, break_on_hyphens=False, break_long_words=False):
        yield _plain(line)


def _line(text: str) -> str:
    return _plain(_escaped(text))


def _plain(escaped: str) -> str:
    """Return a line that is no request, though it begins like one."""
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


def _escaped(text: str) -> str:
    marks = {"\\": r"\e", "-": r"\-", '"': r"\[dq]", "'": r"\[aq]", "`": r"\[ga]", "^": r"\(ha", "~": r"\(ti"}
    return "".join(
        marks.get(letter, letter if letter.isascii() else f"\\[u{ord(letter):04X}]") for letter in text
    )


def _begun_small(sentence: str) -> str:
    first = sentence.strip().partition(".")[0]
    return first[:1].lower() + first[1:]
