"""Wait for a condition with a deadline, instead of sleeping and hoping."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def wait_for(condition: Callable[[], Any], timeout: float = 45.0, message: str = "") -> Any:
    """Return the condition's first true result (it may be async). Fails the test after `timeout` seconds.

    The default is long: it costs a failing test time, and a busy machine needs it.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return result
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {timeout} s: {message or inspect.getsource(condition).strip()}")
        await asyncio.sleep(0.02)
