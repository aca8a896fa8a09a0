"""The page's pure modules, in Node's own runner: `*.test.js` in this folder and below."""

import asyncio
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest
from javascript import node

HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.rglob("*.test.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
async def test_it_keeps_its_promises(script: Path) -> None:
    run = await asyncio.create_subprocess_exec(
        node(), "--test", "--test-reporter=spec", script, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()
    assert "\nℹ fail 0\n" in said.decode(), said.decode()
