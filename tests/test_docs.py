"""The docs are tested: what exists is named where a reader looks, and what is named exists."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.registry import REGISTRY

ROOT = Path(__file__).parents[1]
PACKAGES = ("auth", "cli", "gateway", "infra", "service", "workers")
DOCS = [
    path
    for path in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]
MANUALS = [path for path in DOCS if path.name == "README.md" or path.is_relative_to(ROOT / "infra")]


def text(*paths: Path) -> str:
    return "\n".join(path.read_text() for path in paths)


def named(word: str, where: str) -> bool:
    """Tell whether the whole word stands there, and not just as a part of another."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", where) is not None


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


def test_the_architecture_names_every_event():
    architecture = text(ROOT / "ARCHITECTURE.md")
    assert [type_ for type_ in REGISTRY.current if not named(type_, architecture)] == []


def test_every_setting_is_named_in_a_manual():
    manuals = text(*MANUALS)
    known = list(settings())
    entries = {"auth.__main__", "gateway.__main__", "workers.converter.__main__", "workers.notifier.__main__"}
    assert entries <= {module for module, _ in known}
    assert sorted({name for _, name in known if not named(name, manuals)}) == []


def test_every_recipe_is_named_in_a_manual():
    manuals = text(*MANUALS)
    known = recipes()
    assert known
    assert [name for name in known if not named(name, manuals)] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_linked_exists(path: Path):
    prose = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    links = re.findall(r"\]\(<?([^)>\s]+)>?[^)]*\)", prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
    local = [link.partition("#")[0] for link in links if not re.match(r"[a-z][a-z+.-]*:|#", link)]
    assert [link for link in local if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_doc_tells_of_somebodys_machine(path: Path):
    assert re.findall(r"(?:/(?:root|home|Users|work)/|[A-Z]:\\Users\\)\S*", path.read_text()) == []
