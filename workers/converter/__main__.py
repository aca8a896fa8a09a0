"""`python -m workers.converter`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NoReturn

import msgspec

from events.log import topology
from events.log.progress import ProgressSender
from events.log.publisher import Publisher
from events.log.transient import TransientSender
from events.privacy.job_keys import JobKeys
from events.views.store import JobViews
from events.work.task import Pace
from events.work.worker import Worker
from service import mongodb
from service.background import kept_running
from service.help import answer_help
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry
from service.metrics.work import WorkMetrics
from service.presence import Presence, own_name
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.worker_process import run_workers
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
from workers.converter.withdrawals import Withdrawals


async def run(settings: ConverterSettings, stop: asyncio.Event) -> None:
    """Work until `stop` is set. Raises EngineUnfit and WorkDirUnfit before anything is opened."""
    equipment, registry = await _equipment(settings), new_registry(SERVICE)
    slots = settings.converter_slots
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        mongo = await opened(mongodb.connect(settings.mongodb_url))
        database = mongo.get_default_database("tonearm")
        if not await unless_stopped(stop, topology.declare_when_up(settings.rabbitmq_url)):
            return
        storage = Storage(database)
        await storage.prepare()
        observer, keys = PublishMetrics(registry), JobKeys(database)
        views = JobViews(database)
        withdrawals = Withdrawals(settings.rabbitmq_url, views)
        await opened(kept_running(withdrawals=withdrawals.run))
        publisher = await opened(Publisher(settings.rabbitmq_url, name=SERVICE, observer=observer, keys=keys))
        sender = await opened(TransientSender(settings.rabbitmq_url, name="progress"))
        presence = Presence(sender, kind=SERVICE, slots=slots, folder=equipment.workshop.path)
        converter = Converter(
            equipment=equipment,
            storage=storage,
            views=views,
            withdrawals=withdrawals,
            publisher=publisher,
            progress=ProgressSender(sender),
            name=own_name(),
            on_end=ConversionMetrics(registry),
        )
        # The slots are of all queues together, so they are counted at one.
        works, at = WorkMetrics(registry), {topology.VIDEO: slots, topology.BULK: 0}
        worker = Worker(
            settings.rabbitmq_url,
            topology.VIDEOS,
            converter,
            publisher,
            pace=Pace(slots=slots),
            observers={queue: presence.observer(queue, works.of(queue, n)) for queue, n in at.items()},
            keys=keys,
        )
        await run_workers([worker], settings.health_host, settings.health_port, stop, registry, presence)


async def _equipment(settings: ConverterSettings) -> Equipment:
    """Find the engine, try its cage, log the start, and open the work directory."""
    engine = await find_engine(settings.ffmpeg)
    cage = await keeper_of(engine.path).cage()
    limits = msgspec.to_builtins(settings.limits)
    started(settings, engine=engine.name, limits=limits, cage=msgspec.to_builtins(cage))
    workshop = settings.workshop
    workshop.open()
    return Equipment(engine, settings.limits, workshop, Sharing(Lanes(settings.converter_cores)))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, ConverterSettings, arguments)
    run_service(SERVICE, lambda: load(ConverterSettings, os.environ), run)


if __name__ == "__main__":
    main()
