"""`python -m workers.converter`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog
from msgspec import Meta
from pymongo import AsyncMongoClient

from events import logs, topology
from events.errors import TonearmError
from events.progress import ProgressSender
from events.publisher import Publisher
from events.settings import InvalidSetting, Settings, load
from events.views import JobViews
from events.work import Worker
from workers.converter.command import Limits
from workers.converter.engine import Engine, find_engine
from workers.converter.handler import Converter
from workers.converter.privacy import hide_from_neighbours
from workers.converter.storage import Storage
from workers.converter.workshop import Workshop

log = structlog.get_logger()

SERVICE = "converter"
STOP_SECONDS = 8
"""From the signal on; then SIGALRM ends the process, whatever it waits for: a server may be gone, too."""


class ConverterSettings(Settings, frozen=True, kw_only=True):
    """What the converter needs to know. `converter_slots` is how many videos are under way at once."""

    rabbitmq_url: str
    mongodb_url: str
    converter_slots: Annotated[int, Meta(ge=1, le=64)] = 1
    work_dir: str = ""
    """A directory on a disk with room for `converter_slots` videos; empty: the system's temporary one."""
    max_duration_seconds: Annotated[float, Meta(gt=0)] = 6 * 3600.0
    max_audio_bytes: Annotated[int, Meta(gt=0)] = 1_000_000_000
    conversion_timeout_seconds: Annotated[float, Meta(gt=0)] = 4 * 3600.0
    """Keep the broker's `consumer_timeout` above it."""
    ffmpeg: str = ""
    """A path; empty: the one that comes with imageio-ffmpeg."""
    log_level: str = "INFO"

    @property
    def limits(self) -> Limits:
        """What one conversion may take."""
        return Limits(
            duration_seconds=self.max_duration_seconds,
            output_bytes=self.max_audio_bytes,
            wall_seconds=self.conversion_timeout_seconds,
        )

    @property
    def workshop(self) -> Workshop:
        """Where the work is done."""
        return Workshop(Path(self.work_dir) if self.work_dir else None)


async def run(settings: ConverterSettings, engine: Engine, stop: asyncio.Event) -> None:
    """Work until told to stop."""
    workshop = settings.workshop
    workshop.open()
    async with AsyncExitStack() as stack:
        mongo: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(
            AsyncMongoClient(settings.mongodb_url, tz_aware=True, serverSelectionTimeoutMS=5000)
        )
        database = mongo.get_default_database("tonearm")
        storage = Storage(database)
        await topology.declare_when_up(settings.rabbitmq_url)
        await storage.prepare()
        publisher = await stack.enter_async_context(Publisher(settings.rabbitmq_url, name=SERVICE))
        progress = await stack.enter_async_context(ProgressSender(settings.rabbitmq_url))
        converter = Converter(
            engine=engine,
            limits=settings.limits,
            storage=storage,
            workshop=workshop,
            views=JobViews(database),
            publisher=publisher,
            progress=progress,
            source=SERVICE,
            name=f"{socket.gethostname()}/{os.getpid()}",
        )
        worker = Worker(
            settings.rabbitmq_url, topology.VIDEO, converter, publisher, slots=settings.converter_slots
        )
        await worker.run(stop)


async def _until_signalled(settings: ConverterSettings) -> None:
    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():
            signal.alarm(STOP_SECONDS)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    engine = await find_engine(settings.ffmpeg)
    limits = msgspec.to_builtins(settings.limits)
    log.info("started", settings=repr(settings), engine=engine.name, limits=limits)
    await run(settings, engine, stop)
    log.info("stopped")


def main() -> int:
    """Run the service. Returns 0 after a clean stop, 1 when it cannot start or go on, 2 for bad settings."""
    hide_from_neighbours()
    try:
        settings = load(ConverterSettings, os.environ)
        logs.configure(SERVICE, settings.log_level)
        asyncio.run(_until_signalled(settings))
    except InvalidSetting as error:
        print(f"{SERVICE}: {error}", file=sys.stderr)
        return 2
    except TonearmError as error:
        log.error("cannot_go_on", error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
