"""`python -m infra.local.servers.control …`: rabbitmqctl, for the broker of the local stack in LOCAL_DIR."""

import os
import sys
from pathlib import Path

from infra.local import state
from infra.local.servers.rabbitmq import find
from infra.local.settings import LocalSettings


def of_node(pid: int) -> tuple[Path, dict[str, str]]:
    """Return rabbitmqctl, and the environment in which it reaches the node that runs as this process."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return find("rabbitmqctl"), dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def main() -> None:
    """Become rabbitmqctl."""
    directory = LocalSettings(local_dir=os.environ.get("LOCAL_DIR") or ".local").directory
    known = state.running(directory)
    pids = [part.pid for part in known.components if part.name == "rabbitmq" and part.pid] if known else []
    if not pids:
        sys.exit("no broker of a local stack runs here; `./justw up` starts one")
    program, environment = of_node(pids[0])
    os.execve(program, [str(program), *sys.argv[1:]], environment)  # noqa: S606 - the operator's own words


if __name__ == "__main__":
    main()
