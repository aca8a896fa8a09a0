"""One RabbitMQ node for all workers of a run: to start one takes eight seconds of a core.

The first worker to need it starts it, the last one to go kills it. If a worker dies, the node ends with the
worker that started it (`infra.local.leash`).
"""

import fcntl
import os
import pickle
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from infra.local.servers.rabbitmq import RabbitMQ


class Running(Struct):
    """A node at work: how to reach it, its process, and how many workers use it."""

    directory: Path
    reached: bytes
    """A pickled RabbitMQ, made before its start."""
    pid: int
    users: int


@asynccontextmanager
async def shared_node(run: Path) -> AsyncIterator[tuple[RabbitMQ, Path]]:
    """Give the node, and the folder where it keeps everything. `run` is a folder of all workers."""
    file = run / "rabbitmq.running"
    started: RabbitMQ | None = None
    with _alone(run):
        running = _read(file)
        if running is None:
            directory = Path(tempfile.mkdtemp(prefix="rabbitmq", dir=run))
            started = RabbitMQ(directory, management=True)
            reached = pickle.dumps(started)
            await started.start()
            assert started.process is not None
            assert started.process.pid is not None
            running = Running(directory, reached, started.process.pid, 0)
        running.users += 1
        file.write_bytes(pickle.dumps(running))
    try:
        yield started or pickle.loads(running.reached), running.directory  # noqa: S301 - our own
    finally:
        with _alone(run):
            running = _read(file) or running
            running.users -= 1
            file.write_bytes(pickle.dumps(running))
            if not running.users:
                file.unlink()
                with suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)


def _read(file: Path) -> Running | None:
    return pickle.loads(file.read_bytes()) if file.exists() else None  # noqa: S301 - our own


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    with (run / "rabbitmq.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
