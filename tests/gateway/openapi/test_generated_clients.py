"""Clients that others' generators make from our document are typed to the last, and work."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from javascript import CLIENTS, node, packages
from waiting import wait_for

from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from tests.gateway.running import Gateway

pytestmark = pytest.mark.long

HERE = Path(__file__).with_name("clients")
MYPY = """
[mypy]
strict = true
[mypy-tonearm_client.client]
# The generator's own template, the same for every document: `__exit__(*args: object)`.
disable_error_code = arg-type
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the document, where all generators are at hand: they come together."""
    packages("openapi-typescript")
    folder = tmp_path_factory.mktemp("clients")
    document = litestar_app(parts_of_nothing()).openapi_schema.to_schema()
    (folder / "openapi.json").write_bytes(msgspec.json.encode(document))
    return folder


def run(command: Sequence[str | Path], folder: Path) -> str:
    environment = {"PATH": f"{CLIENTS / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_a_generated_python_client_is_strictly_typed_and_speaks_to_a_gateway(
    folder: Path, gateway: Gateway, account: str
) -> None:
    generator = [CLIENTS / "bin/openapi-python-client", "generate", "--fail-on-warning", "--meta", "none"]
    files = ["--config", HERE / "generator.yaml", "--path", "openapi.json", "--output-path", "tonearm_client"]
    await asyncio.to_thread(run, [*generator, *files], folder)
    (folder / "mypy.ini").write_text(MYPY)
    for name in ("use.py", "fetch.py"):
        shutil.copy(HERE / name, folder)
    checked = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        "mypy.ini",
        "tonearm_client",
        "use.py",
        "fetch.py",
    ]
    await asyncio.to_thread(run, checked, folder)
    arguments = [gateway.url, gateway.auth.token(account)]
    job_id = (await asyncio.to_thread(run, [sys.executable, "use.py", *arguments], folder)).strip()
    await gateway.convert(job_id, account, b"sound")

    async def converted() -> bool:
        async with gateway.as_(account) as client:
            return (await client.get(f"/jobs/{job_id}")).json()["audio"] is not None

    await wait_for(converted)
    assert await asyncio.to_thread(run, [sys.executable, "fetch.py", *arguments, job_id], folder) == "sound"


def test_generated_types_for_typescript_are_strict(folder: Path) -> None:
    modules = packages("typescript")
    run(
        [node(), modules / "openapi-typescript/bin/cli.js", "openapi.json", "-o", "schema.ts"],
        folder,
    )
    for name in ("use.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    run([node(), modules / "typescript/bin/tsc", "--project", "tsconfig.json"], folder)
