"""Node, and packages for it, for the tests that run JavaScript."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

from infra.local.errors import NotInstalled

CLIENTS = Path(__file__).parents[1] / ".venv/clients"
"""What `./justw test --long` installs: other people's programs that speak to ours."""


def node() -> Path:
    """Return the Node that Playwright brings, so the same one everywhere; without Playwright the system's."""
    playwright = find_spec("playwright")
    brought = Path(playwright.origin).with_name("driver") if playwright and playwright.origin else None
    folders = [*([str(brought)] if brought else []), os.environ.get("PATH", os.defpath)]
    found = shutil.which("node", path=os.pathsep.join(folders))
    return Path(found) if found else _missing("Node", "./justw test")


def packages(name: str) -> Path:
    """Return the folder with the packages of CLIENTS, which has this one."""
    folder = CLIENTS / "node_modules"
    return folder if (folder / name).exists() else _missing(name, "./justw test --long")


def _missing(name: str, installs: str) -> NoReturn:
    """Skip the test, but not where all must run."""
    if os.environ.get("CI") == "true":
        raise NotInstalled(name)
    pytest.skip(f"{name}: `{installs}` installs it where it can, and could not")
