"""`python -m infra.local.servers.control …`: rabbitmqctl, for the broker of the local stack in LOCAL_DIR."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec

from events.errors import Unavailable
from infra.local import state
from infra.local.errors import LocalError
from infra.local.servers.rabbitmq import find
from infra.local.settings import LocalSettings
from infra.local.state import State

PATIENCE = 20.0
"""Seconds for rabbitmqctl, which starts an Erlang machine of its own."""


def of_node(pid: int) -> tuple[Path, dict[str, str]]:
    """Return rabbitmqctl, and the environment in which it reaches the node that runs as this process.

    Raises LocalError where the environment of a process cannot be read, as on macOS, and NotInstalled.
    """
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    except OSError as error:  # no /proc, or the node has just ended
        raise LocalError(f"how to reach the broker, process {pid}, cannot be read: {error}") from error
    return find("rabbitmqctl"), dict(pair.split("=", 1) for pair in pairs if "=" in pair)


async def bindings(stack: State, exchange: str) -> set[tuple[str, str]] | None:
    """Return the queue and the routing key of each binding of an exchange; None if rabbitmqctl cannot ask.

    rabbitmqctl takes seconds. Raises Unavailable when it fails or takes too many.
    """
    if (pid := _pid(stack)) is None:
        return None
    try:
        program, environment = of_node(pid)
    except LocalError:
        return None
    command = [str(program), "--quiet", "--formatter", "json", "list_bindings"]
    asking = await asyncio.create_subprocess_exec(
        *command, "source_name", "destination_name", "routing_key", env=environment, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(PATIENCE):
            answer, said = await asking.communicate()
        rows = msgspec.json.decode(answer, type=list[dict[str, str]])
    except TimeoutError:
        raise Unavailable(f"rabbitmqctl did not list the bindings within {PATIENCE:.0f} s") from None
    except msgspec.DecodeError:
        raise Unavailable(
            f"rabbitmqctl does not list the bindings: {said.decode(errors='replace')}"
        ) from None
    finally:
        if asking.returncode is None:
            asking.kill()
            await asking.wait()
    return {(row["destination_name"], row["routing_key"]) for row in rows if row["source_name"] == exchange}


def _pid(stack: State | None) -> int | None:
    parts = stack.components if stack else ()
    return next((part.pid for part in parts if part.name == "rabbitmq"), None)


def main() -> None:
    """Become rabbitmqctl."""
    directory = LocalSettings(local_dir=os.environ.get("LOCAL_DIR") or ".local").directory
    pid = _pid(state.running(directory))
    if pid is None:
        sys.exit("no broker of a local stack runs here; `./justw up` starts one")
    try:
        program, environment = of_node(pid)
    except LocalError as error:
        sys.exit(f"rabbitmqctl: {error}")
    os.execve(program, [str(program), *sys.argv[1:]], environment)  # noqa: S606 - the operator's own words


if __name__ == "__main__":
    main()
