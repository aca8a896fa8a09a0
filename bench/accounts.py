"""`accounts`: what a verified request costs over a bare one, and what 200 sign-ins at once cost auth."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import httpx

from bench.measure import Options, Say
from bench.memory import peak
from bench.stack import running_stack
from bench.table import Row, Trial, percentile, rows_of

REQUESTS, WARM_UP, SIGN_INS = 500, 50, 200
DOCTOR_SECONDS = 15.0
Way = Callable[[], Awaitable[httpx.Response]]
MEMORY, HEALTH = 256.0, 200.0
"""The limits: MB that auth holds at most, and milliseconds in which it answers about its health."""


async def measure(options: Options, say: Say) -> list[Row]:
    """Verify first; the crowd comes last, as a peak stays."""
    count = options.scaled(REQUESTS, 50)
    found: list[Row] = []
    async with running_stack() as stack:
        environment = stack.environment
        auth, admin = environment["AUTH_URL"], (environment["ADMIN_EMAIL"], environment["ADMIN_PASSWORD"])
        async with httpx.AsyncClient(base_url=environment["PUBLIC_URL"], trust_env=False) as http:
            plain = await http.post("/login", auth=admin, headers={"Accept": "text/plain"})
            signed = {"Authorization": f"Bearer {plain.text}"}
            # Both end in a problem document before anything is looked up, one of them behind the guard.
            bare: Way = lambda: http.get("/schema/assets/none")  # noqa: E731
            verified: Way = lambda: http.get("/download", headers=signed)  # noqa: E731
            for turn in range(options.repetitions):
                say(f"accounts {turn + 1} of {options.repetitions}: {count} requests each")
                for way in (bare, verified):
                    await _times(way, WARM_UP)
                reference, value = await _times(bare, count), await _times(verified, count)
                found += [_latency(percent, value, reference) for percent in (50, 99)]
        say(f"accounts: {SIGN_INS} sign-ins at once")
        slowest, answered = await _crowd(auth, admin)
        say(f"accounts: {answered} signed in, the others were told when to come again")
        memory = peak(stack, "auth")
    return [
        *rows_of(found),
        _limit(f"auth's peak, {SIGN_INS} sign-ins at once", "MB", memory, MEMORY),
        _limit("its slowest answer about its health meanwhile", "ms", slowest * 1000, HEALTH),
    ]


async def _times(way: Way, count: int) -> list[float]:
    found = []
    for _ in range(count):
        began = time.perf_counter()
        answer = await way()
        found.append(time.perf_counter() - began)
        assert answer.status_code in (400, 404), answer.text
    return found


_DOCTOR = """
import http.client, sys, time
connection, slowest = http.client.HTTPConnection(sys.argv[1], timeout=60), 0.0
print("begun", flush=True)
while time.monotonic() < float(sys.argv[2]):
    began = time.perf_counter()
    connection.request("GET", "/health/live")
    assert connection.getresponse().read()
    slowest = max(slowest, time.perf_counter() - began)
    time.sleep(0.01)
print(slowest)
"""
"""A process of its own: beside 200 clients in one loop it would measure how busy those are."""


async def _crowd(auth: str, admin: tuple[str, str]) -> tuple[float, int]:
    """Return the slowest answer about health in seconds, and how many signed in."""
    until = str(time.monotonic() + DOCTOR_SECONDS)
    doctor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DOCTOR, urlsplit(auth).netloc, until, stdout=asyncio.subprocess.PIPE
    )
    assert doctor.stdout
    await doctor.stdout.readline()
    limits = httpx.Limits(max_connections=SIGN_INS + 10)
    async with httpx.AsyncClient(base_url=auth, limits=limits, timeout=60) as http:
        answers = await asyncio.gather(*(http.post("/login", auth=admin) for _ in range(SIGN_INS)))
    slowest = float(await doctor.stdout.read())
    await doctor.wait()
    return slowest, sum(answer.status_code == httpx.codes.OK for answer in answers)


def _latency(percent: int, value: list[float], reference: list[float]) -> Row:
    return Row(
        measure=f"a verified request, p{percent}",
        unit="ms",
        better="less",
        against="a bare handler",
        trials=(Trial(1000 * percentile(value, percent), 1000 * percentile(reference, percent)),),
    )


def _limit(name: str, unit: str, value: float, limit: float) -> Row:
    return Row(measure=name, unit=unit, better="less", against="the limit", trials=(Trial(value, limit),))
