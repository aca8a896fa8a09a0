"""`python -m workers.converter`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
import socket
from contextlib import AsyncExitStack
from typing import NoReturn

import msgspec

from events.log import topology
from events.log.progress import ProgressSender
from events.log.publisher import Publisher
from events.views.store import JobViews
from events.work import Pace, Worker
from service import mongodb
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry
from service.metrics.work import WorkMetrics
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.usage import answer_help
from service.workers import run_workers
from workers.converter import SERVICE
from workers.converter.cage.cage import keeper_of
from workers.converter.conversion.task import Equipment
from workers.converter.ffmpeg.engine import find_engine
from workers.converter.handler import Converter
from workers.converter.metrics import ConversionMetrics
from workers.converter.parallel.encoding import Sharing
from workers.converter.parallel.lanes import Lanes
from workers.converter.settings import ConverterSettings
from workers.converter.storage import Storage


async def run(settings: ConverterSettings, stop: asyncio.Event) -> None:
    """Work until told to stop."""
    engine = await find_engine(settings.ffmpeg)
    cage = await keeper_of(engine.path).cage()
    started(
        settings,
        engine=engine.name,
        limits=msgspec.to_builtins(settings.limits),
        cage=msgspec.to_builtins(cage),
    )
    workshop, registry = settings.workshop, new_registry(SERVICE)
    workshop.open()
    async with AsyncExitStack() as stack:
        mongo = await stack.enter_async_context(mongodb.connect(settings.mongodb_url))
        database = mongo.get_default_database("tonearm")
        storage = Storage(database)
        if not await unless_stopped(stop, topology.declare_when_up(settings.rabbitmq_url)):
            return
        await storage.prepare()
        publisher = await stack.enter_async_context(
            Publisher(settings.rabbitmq_url, name=SERVICE, observer=PublishMetrics(registry))
        )
        progress = await stack.enter_async_context(ProgressSender(settings.rabbitmq_url))
        converter = Converter(
            equipment=Equipment(engine, settings.limits, workshop, Sharing(Lanes(settings.converter_cores))),
            storage=storage,
            views=JobViews(database),
            publisher=publisher,
            progress=progress,
            name=f"{socket.gethostname()}/{os.getpid()}",
            on_end=ConversionMetrics(registry),
        )
        slots = settings.converter_slots
        worker = Worker(
            settings.rabbitmq_url,
            topology.VIDEO,
            converter,
            publisher,
            pace=Pace(slots=slots),
            observer=WorkMetrics(registry).of(topology.VIDEO, slots),
        )
        await run_workers([worker], settings.health_host, settings.health_port, stop, registry)


def main() -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, ConverterSettings)
    run_service(SERVICE, lambda: load(ConverterSettings, os.environ), run)


if __name__ == "__main__":
    main()
