"""The documents name everything that exists where a reader looks, and nothing that does not exist."""

import argparse
import importlib
import importlib.util
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from cli import main
from cli.tree.group import Group
from events.options import Options, Tags
from events.registry import REGISTRY
from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from infra.drills.__main__ import DRILLS

ROOT = Path(__file__).parents[1]
PACKAGES = ("auth", "cli", "gateway", "infra", "service", "workers")


def files() -> Iterator[Path]:
    """Every file and folder of the repository, without what tools leave in it."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or (name[0] != "." and name != "__pycache__")]
        yield from (Path(folder, name) for name in (*folders, *names))


FILES = list(files())
DOCS = sorted(path for path in FILES if path.suffix == ".md")
PLACES = {f"/{path.relative_to(ROOT).as_posix()}" for path in FILES}

COMMANDS = main.COMMANDS
PARSED = {
    "bench": "bench.__main__",
    "cluster": "infra.cluster.__main__",
    "minikube": "infra.cluster.minikube",
    "sizing": "infra.sizing",
}
"""The recipes that read their arguments by argparse, and the modules that do it."""
LINE = re.compile(
    r"(?:\./justw|(?<![\w./-])(?<!-n )(?<!install )tonearm)"  # and no namespace, no release
    r"""((?:[ ]+(?:[^\s`|;&()<>#"'\\]|"[^"\n]*"|'[^'\n]*')+)+)"""
)
"""A command line, up to what is the shell's."""

OPTIONS = {*Options.__struct_fields__, *Tags.__struct_fields__} - {"tags"}
LONGEST = {"README.md": 1_200, "ARCHITECTURE.md": 4_200}
"""The most words of a document that people read from the beginning."""
LONGEST_CELL = 260
CODE = re.compile(r"```.*?```", re.DOTALL)
FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|yaml|lock|env|js|conf|json)|(?:[\w.-]+/)+")
"""What looks like a file of the repository, or like a folder, which ends in a slash."""
NOT_OURS = re.compile(
    r"\.local/|\.venv|\.secrets|(?:config\.toml|manifest\.json|definitions\.json|state\.json|cdx\.json)$"
)
"""What a user's machine has, and the repository has not."""


def text(*paths: str) -> str:
    return "\n".join((ROOT / path).read_text() for path in paths)


def prose(path: Path) -> str:
    """The document without its blocks of code."""
    return CODE.sub("", path.read_text())


def named(word: str, where: str) -> bool:
    """Return True if the whole word stands there, and not just as a part of another."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", where) is not None


def missing(words: Iterator[str], *documents: str) -> list[str]:
    known, where = list(words), text(*documents)
    assert known
    return sorted({word for word in known if not named(word, where)})


def settings() -> Iterator[tuple[str, str]]:
    """Every variable that an entry point reads by `load(SomeSettings, …)`, with the entry's module."""
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for struct in re.findall(r"(?<![\w.])load\((\w+), ", path.read_text()):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            fields = getattr(importlib.import_module(name), struct).__struct_fields__
            yield from ((name, field.upper()) for field in fields)


class Asked(BaseException):
    """A command has come to reading its arguments."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def parser_of(name: str, words: list[str]) -> argparse.ArgumentParser:
    """The parser of a command, which gets no further than to make it."""

    def asked(parser: argparse.ArgumentParser, *_: Any) -> None:
        raise Asked(parser)

    run = importlib.import_module(PARSED[name]).main
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", asked)
        patch.setattr(sys, "argv", [name, *words])
        with pytest.raises(Asked) as caught:
            run(*[words][: len(inspect.signature(run).parameters)])
    return caught.value.parser


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = (each.choices for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(next(found, {}))


def unknown(name: str, words: list[str]) -> list[str]:
    """What of the words behind a command or a recipe it does not know: a subcommand, a flag, an option."""
    if name == "drill":
        return [word for word in words[:1] if word.islower() and word not in DRILLS]
    if name in COMMANDS and name not in PARSED:
        return unknown_to(COMMANDS[name].command(name), words)
    if name not in PARSED:
        return []
    parser, wrong = parser_of(name, words), []
    for before, word in zip(["", *words], words, strict=False):
        below = subcommands(parser)
        if word.startswith("--") or re.match("-[A-Za-z]", word):
            flag = word.partition("=")[0]
            wrong += [] if {flag, word[:2]} & set(parser._option_string_actions) - {"--"} else [word]
        elif before == "-O":
            option = word.partition("=")[0]
            wrong += [] if option in OPTIONS or option.isupper() else [word]
        elif below and word.islower():
            parser, wrong = below.get(word, parser), wrong + ([] if word in below else [word])
    return wrong


def unknown_to(command: click.Command, words: list[str]) -> list[str]:
    wrong: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        flags = {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)} | {"--help"}
        if word.startswith("--") or re.match("-[A-Za-z]", word):
            wrong += [] if {word.partition("=")[0], word[:2]} & flags else [word]
        elif before == "-O":
            option = word.partition("=")[0]
            wrong += [] if option in OPTIONS or option.isupper() else [word]
        elif isinstance(command, Group) and word.islower():
            below = command.get_command(click.Context(command), word)
            command, wrong = below or command, wrong + ([] if below else [word])
    return wrong


def command_lines(path: Path) -> Iterator[list[str]]:
    """Each command line that the document shows, in a block of code or within a sentence."""
    page = path.read_text()
    shown = [*CODE.findall(page), *re.findall(r"`([^`\n]+)`", prose(path))]
    for each in LINE.findall("\n".join(shown).replace("\\\n", " ")):
        words = [word for word in shlex.split(each) if word.strip("….")]
        if words:
            yield words


def recipes() -> list[str]:
    return [name for name, recipe in justfile().items() if not recipe["private"]]


def justfile() -> dict[str, Any]:
    just = (
        shutil.which("just", path=Path(sys.executable).parent)
        or shutil.which("just")
        or pytest.fail("no just")
    )
    dump = subprocess.run([just, "--dump", "--dump-format=json"], cwd=ROOT, capture_output=True)
    assert dump.returncode == 0, dump.stderr.decode()
    found: dict[str, Any] = json.loads(dump.stdout)["recipes"]
    return found


def routes() -> dict[str, Any]:
    paths: dict[str, Any] = litestar_app(parts_of_nothing()).openapi_schema.to_schema()["paths"]
    return paths


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def local_links(path: Path) -> list[str]:
    plain = prose(path)
    links = re.findall(r"\]\(<?([^)>\s]+)>?[^)]*\)", plain) + re.findall(r'(?:src|href)="([^"]+)"', plain)
    return [link for link in links if not re.match(r"[a-z][a-z+.-]*:", link)]


def files_named(path: Path) -> Iterator[str]:
    """What the document names, in a line's last folder if it names one: `bench/`: `table.py`."""
    for line in prose(path).splitlines():
        folder = ""
        for name in re.findall(r"`([^`\s]+)`", line):
            if FILE.fullmatch(name) and not NOT_OURS.search(name):
                yield name if "/" in name else folder + name
                folder = name if name.endswith("/") and (ROOT / name).exists() else folder


def is_there(name: str, document: Path) -> bool:
    """Return True if the repository has the file, from its root, from the document, or anywhere."""
    place = name.rstrip("/")
    return (document.parent / place).exists() or any(each.endswith(f"/{place}") for each in PLACES)


def every_document(test: Any) -> Any:
    return pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))(test)


def test_the_architecture_names_every_event():
    assert missing(iter(REGISTRY.current), "ARCHITECTURE.md") == []


def test_every_setting_is_named_in_its_page():
    known = list(settings())
    entries = {"auth.__main__", "gateway.__main__", "workers.converter.__main__", "workers.notifier.__main__"}
    assert entries <= {module for module, _ in known}
    assert missing((name for _, name in known), "docs/settings.md") == []


def test_every_option_is_named_in_its_page():
    assert missing(iter(f"`{wish}`" for wish in OPTIONS), "docs/options.md") == []


def test_every_route_is_named_in_the_page_of_the_api():
    assert missing(iter(routes()), "docs/api.md") == []


def test_every_route_that_the_page_of_the_api_names_is_there():
    known = {re.sub(r"\{\w+\}", "{}", path) for path in routes()}
    known |= {"/", "/schema", "/schema/openapi.json", "/schema/openapi.yaml"}
    told = re.findall(r"(?:GET|POST|PUT|DELETE|PATCH)`?(?:, `\w+`)* (/[\w/{}.-]*)", text("docs/api.md"))
    assert told
    assert [path for path in told if re.sub(r"\{\w+\}", "{}", path) not in known] == []


def test_every_recipe_and_command_is_named_in_the_page_of_commands():
    assert missing(iter([*recipes(), *COMMANDS]), "docs/commands.md") == []


@every_document
def test_every_recipe_command_and_module_that_is_named_is_there(path: Path):
    known, page = recipes(), path.read_text()
    assert [
        name
        for name in re.findall(r"\./justw ([a-z][\w-]*)", page)
        if name not in {"help", "tonearm", *known, *COMMANDS}
    ] == []
    assert [name for name in re.findall(r"[`\n]tonearm ([a-z]+)", page) if name not in COMMANDS] == []
    modules = re.findall(r"python -m ((?:infra|bench|cli|auth|events|gateway|service|workers)[\w.]*)", page)
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@every_document
def test_every_command_line_is_one_that_its_command_takes(path: Path):
    if path.name == "CHANGELOG.md":
        pytest.skip("it tells of times when commands took other arguments")
    wrong = {" ".join(words): unknown(words[0], words[1:]) for words in command_lines(path)}
    assert {line: words for line, words in wrong.items() if words} == {}


def test_a_command_line_with_a_slip_is_found():
    assert unknown("replay", ["show", "--form", "5"]) == ["--form"]
    assert unknown("replay", ["shw"]) == ["shw"]
    assert unknown("convert", ["talk.mp4", "-O", "loudnes=-16"]) == ["loudnes=-16"]
    assert unknown("drill", ["diskfull"]) == ["diskfull"]
    assert unknown("cluster", ["files", "infra/.secrets", "--admin-email", "a@b.c"]) == []


def test_every_command_line_in_the_list_of_recipes_is_one_that_its_command_takes():
    told = {
        name: recipe["doc"].rpartition(": ")[2].split()
        for name, recipe in justfile().items()
        if recipe["doc"]
    }
    lines = {
        name: [word for word in words[1:] if word.strip("…")]
        for name, words in told.items()
        if words[0] == name
    }
    assert {"convert", "replay"} <= set(lines)
    assert {name: wrong for name, words in lines.items() if (wrong := unknown(name, words))} == {}


@pytest.mark.parametrize("name", ["replay", "account", "cluster", "jobs"])
def test_every_subcommand_is_named_in_the_page_of_commands_and_no_other(name: str):
    known = subcommands(parser_of(name, [])) if name in PARSED else COMMANDS[name].command(name).entries
    head = f"| `./justw {name} …` | does |\n|---|---|\n"
    table = text("docs/commands.md").partition(head)[2].partition("\n\n")[0]
    rows = [row.split(" | ")[0] for row in table.splitlines()]
    assert sorted(re.findall(r"`([a-z-]+)", " ".join(rows))) == sorted(known)


@every_document
def test_every_link_leads_to_a_file_and_a_heading(path: Path):
    for link in local_links(path):
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_document
def test_every_file_that_is_named_is_there(path: Path):
    if path.name == "CHANGELOG.md":
        pytest.skip("it tells of times when other files were there")
    assert [name for name in files_named(path) if not is_there(name, path)] == []


@every_document
def test_nobody_has_to_read_a_long_cell(path: Path):
    cells = [cell.strip() for line in prose(path).splitlines() if line[:1] == "|" for cell in line.split("|")]
    assert [cell for cell in cells if len(cell) > LONGEST_CELL] == []


@pytest.mark.parametrize("name", LONGEST)
def test_no_front_door_is_too_long_to_read(name: str):
    assert len(text(name).split()) <= LONGEST[name]


@every_document
def test_no_document_names_the_machine_of_its_writer(path: Path):
    assert re.findall(r"(?:(?<!events)/(?:root|home|Users|work)/|[A-Z]:\\Users\\)\S*", path.read_text()) == []
