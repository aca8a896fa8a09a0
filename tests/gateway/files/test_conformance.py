"""tus 1.0, case by case."""

import re

import httpx
import pytest

from tests.gateway.files.conformance import CASES, NOT_OFFERED, VERSION, Step
from tests.gateway.running import Gateway


def test_the_table_has_every_case_of_the_suite_whose_extension_is_offered() -> None:
    assert len(CASES) + sum(NOT_OFFERED.values()) == 123


@pytest.mark.parametrize("case", CASES)
async def test_a_case_of_the_public_suite(gateway: Gateway, account: str, case: str) -> None:
    upload = ""
    async with gateway.as_(account) as client:
        for step in CASES[case]:
            url = {"files": "/files", "upload": upload, "unknown": "/files/non-existent-upload-id-12345"}[
                step.at
            ]
            headers = {"Tus-Resumable": VERSION, **step.headers}
            answer = await client.request(
                step.method,
                url,
                headers={name: value for name, value in headers.items() if value is not None},
                content=step.body or None,
            )
            assert answer.status_code in step.status, (step, answer.text)
            check(step, answer.headers)
            upload = answer.headers.get("location", upload)


def check(step: Step, headers: httpx.Headers) -> None:
    for name, pattern in step.has.items():
        told = headers.get(name)
        if pattern is None:
            assert told is None, (step, name)
        else:
            assert told is not None, (step, name)
            assert re.fullmatch(pattern, told), (step, name, told)


async def test_an_extension_that_is_not_offered_is_not_named(gateway: Gateway, account: str) -> None:
    async with gateway.as_(account) as client:
        offered = (await client.options("/files")).headers["tus-extension"].split(",")
    assert not set(offered) & set(NOT_OFFERED)
    assert {"creation", "expiration", "termination", "checksum"} <= set(offered)
