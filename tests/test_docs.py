"""The documents name everything that exists where a reader looks, and nothing that does not exist."""

import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import main
from events.options import Options, Tags
from events.registry import REGISTRY
from gateway.app import litestar_app
from tests.gateway.test_routes import parts_of_nothing

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

COMMANDS = {**main.COMMANDS, **main.SERVICES}

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


def recipes() -> list[str]:
    just = (
        shutil.which("just", path=Path(sys.executable).parent)
        or shutil.which("just")
        or pytest.fail("no just")
    )
    dump = subprocess.run([just, "--dump", "--dump-format=json"], cwd=ROOT, capture_output=True)
    assert dump.returncode == 0, dump.stderr.decode()
    found = json.loads(dump.stdout)["recipes"]
    return [name for name, recipe in found.items() if not recipe["private"]]


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
    wishes = {*Options.__struct_fields__, *Tags.__struct_fields__} - {"tags"}
    assert missing(iter(f"`{wish}`" for wish in wishes), "docs/options.md") == []


def test_every_route_is_named_in_the_page_of_the_api():
    assert missing(iter(routes()), "docs/api.md") == []


def test_every_route_that_the_page_of_the_api_names_is_there():
    known = {re.sub(r"\{\w+\}", "{}", path) for path in routes()}
    known |= {"/schema", "/schema/openapi.json", "/schema/openapi.yaml"}
    told = re.findall(r"(?:GET|POST|PUT|DELETE|PATCH)`?(?:, `\w+`)* (/[\w/{}.-]*)", text("docs/api.md"))
    assert told
    assert [path for path in told if re.sub(r"\{\w+\}", "{}", path) not in known] == []


def test_every_recipe_and_command_is_named_in_the_page_of_commands():
    assert missing(iter([*recipes(), *COMMANDS]), "docs/commands.md") == []


@every_document
def test_every_recipe_command_and_module_that_is_named_is_there(path: Path):
    known, page = recipes(), path.read_text()
    assert [
        name for name in re.findall(r"\./justw ([a-z][\w-]*)", page) if name not in {"help", *known}
    ] == []
    assert [name for name in re.findall(r"[`\n]tonearm ([a-z]+)", page) if name not in COMMANDS] == []
    modules = re.findall(r"python -m ((?:infra|bench|cli|auth|events|gateway|service|workers)[\w.]*)", page)
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


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
    assert re.findall(r"(?:/(?:root|home|Users|work)/|[A-Z]:\\Users\\)\S*", path.read_text()) == []
