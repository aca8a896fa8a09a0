"""Requests that schemathesis makes from the OpenAPI document, with every check it has: none finds a fault.

Here the requests are the same each time. `just fuzz-api` makes others, for as long as one likes.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import pytest

from infra.drills.rig.stack import Stack
from infra.local.errors import NotInstalled
from tests.system.conftest import ADMIN, running

pytestmark = [pytest.mark.system, pytest.mark.timeout(0)]

PROGRAM = Path(__file__).parents[2] / ".venv/schemathesis/bin/st"
CONFIG = Path(__file__).with_name("schemathesis.toml")

BY_CHANCE = ("--phases", "fuzzing,stateful", "--max-examples", "6", "--generation-deterministic")
AT_EDGES = ("--phases", "examples,coverage", "--generation-deterministic")


class Person(NamedTuple):
    """Who asks, and by which of the document's ways to sign in."""

    scheme: str
    email: str
    password: str


USER = Person("token", "someone@example.org", "correct horse battery staple")
OPERATOR = Person("cookie", ADMIN["ADMIN_EMAIL"], ADMIN["ADMIN_PASSWORD"])


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack of its own: everybody is signed out of it again and again."""
    settings = {**ADMIN, "CONVERTERS": "1", "IMPORTS": "on"}
    async with running(Stack(tmp_path_factory.mktemp("fuzzed"), **settings)) as started:
        async with httpx.AsyncClient(base_url=started.url) as client:
            account = {"email": USER.email, "password": USER.password}
            (await client.post("/register", json=account)).raise_for_status()
        yield started


@pytest.mark.parametrize(
    ("person", "effort"),
    [
        pytest.param(USER, AT_EDGES, id="a-user-at-edges", marks=pytest.mark.nightly),
        pytest.param(USER, BY_CHANCE, id="a-user-by-chance", marks=pytest.mark.long),
        pytest.param(OPERATOR, BY_CHANCE, id="an-administrator-by-chance", marks=pytest.mark.long),
    ],
)
async def test_schemathesis_finds_nothing(
    stack: Stack, person: Person, effort: tuple[str, ...], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    if not PROGRAM.exists():
        if os.environ.get("CI") == "true":
            raise NotInstalled("schemathesis")
        pytest.skip("schemathesis: `./justw test --long` installs it where it can, and could not")
    config = tmp_path / "schemathesis.toml"
    config.write_text(f"{CONFIG.read_text()}\n{signing_in(person)}")
    if seconds := pytestconfig.getoption("--fuzz-seconds", None):
        effort = (*effort[:2], "--max-time", str(seconds))
    process = await asyncio.create_subprocess_exec(
        *(PROGRAM, "--config-file", config, "run", f"{stack.url}/schema/openapi.json", "--no-color", *effort),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BASE_URL": stack.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    print(told.decode())
    assert process.returncode == 0


def signing_in(person: Person) -> str:
    """Return the table of the configuration by which a person signs in, and again when signed out."""
    payload = ", ".join(
        f"{name} = {msgspec.json.encode(value).decode()}"
        for name, value in (("email", person.email), ("password", person.password))
    )
    return f"""[auth.dynamic.openapi.{person.scheme}]
path = "/login"
payload = {{ {payload} }}
extract_selector = "/access_token"
retry_on = [401]
"""
