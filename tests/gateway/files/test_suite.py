"""The public conformance suite for tus itself, by its own runner: `./justw tus-conformance` brings both."""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.gateway.running import Gateway

SUITE = os.environ.get("TUS_SUITE", "")
pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not SUITE, reason="`./justw tus-conformance` brings the suite and hurl"),
]


async def test_the_suite_finds_nothing_in_what_is_offered(
    gateway: Gateway, account: str, tmp_path: Path
) -> None:
    async with gateway.as_(account) as client:
        offered = (await client.options("/files")).headers["tus-extension"].split(",")
    cases = sorted(Path(SUITE, "tests").rglob("*.hurl"))
    tried = [case for case in cases if case.parent.parent.name == "core" or case.parent.name in offered]

    done = await asyncio.create_subprocess_exec(
        "hurl",
        "--test",
        "--continue-on-error",
        *("--jobs", "1", "--report-json", str(tmp_path)),
        *("--variable", f"base_url={gateway.url}/files", "--variable", "tus_version=1.0.0"),
        *("--header", f"Authorization: Bearer {gateway.auth.token(account)}"),
        *map(str, tried),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await done.communicate()

    results = json.loads((tmp_path / "report.json").read_text())
    failed = [Path(each["filename"]).stem for each in results if not each["success"]]
    counts = Counter(passed=len(results) - len(failed), failed=len(failed), skipped=len(cases) - len(tried))
    print(dict(counts), "not offered:", sorted({case.parent.name for case in cases if case not in tried}))
    assert failed == [], said.decode()[-4000:]
    assert len(results) == len(tried) > 100
