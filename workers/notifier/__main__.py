"""`python -m workers.notifier`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import NoReturn

from events.log import topology
from events.log.publisher import Publisher
from events.log.transient import TransientSender
from events.privacy.job_keys import JobKeys
from events.views.store import JobViews
from events.work.task import Handler, Pace
from events.work.worker import Worker
from service import mongodb
from service.help import answer_help
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry
from service.metrics.work import WorkMetrics
from service.presence import Presence
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.tracing.http import Client
from service.worker_process import run_workers
from workers.notifier import SERVICE
from workers.notifier.accounts import AuthAccounts
from workers.notifier.mail.account_handler import AccountMailHandler
from workers.notifier.mail.job_handler import JobMailHandler
from workers.notifier.mail.letterhead import letterhead
from workers.notifier.mail.mail_room import MailRoom
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer
from workers.notifier.mail.smtp_url import parse_smtp_url
from workers.notifier.metrics import MailMetrics
from workers.notifier.settings import NotifierSettings


async def run(settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Work until `stop` is set. Raises InvalidSetting before anything is opened."""
    started(settings)
    head = letterhead(settings.mail_from, settings.public_url)
    mailer, registry = Mailer(parse_smtp_url(settings.smtp_url)), new_registry(SERVICE)
    slots, works = settings.notifier_slots, WorkMetrics(registry)
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        http = await opened(Client(timeout=10.0, trust_env=False))
        mongo = await opened(mongodb.connect(settings.mongodb_url))
        database = mongo.get_default_database("tonearm")
        if not await unless_stopped(stop, topology.declare_when_up(settings.rabbitmq_url)):
            return
        observer, keys = PublishMetrics(registry), JobKeys(database)
        publisher = await opened(Publisher(settings.rabbitmq_url, name=SERVICE, observer=observer, keys=keys))
        sender = await opened(TransientSender(settings.rabbitmq_url, name="heartbeats"))
        room = MailRoom(
            accounts=AuthAccounts(http, settings.auth_url, settings.service_token),
            mailer=mailer,
            sent=SentMails(database),
            head=head,
            on_mail=MailMetrics(registry),
        )
        handlers: dict[str, Handler] = {
            topology.MP3: JobMailHandler(room, JobViews(database)),
            topology.LETTERS: AccountMailHandler(room),
        }
        presence = Presence(sender, kind=SERVICE, slots=slots * len(handlers))
        workers = [
            Worker(
                settings.rabbitmq_url,
                [queue],
                handler,
                publisher,
                pace=Pace(slots=slots),
                observers={queue: presence.observer(queue, works.of(queue, slots))},
                keys=keys,
            )
            for queue, handler in handlers.items()
        ]
        await run_workers(workers, settings.health_host, settings.health_port, stop, registry, presence)


def main() -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, NotifierSettings)
    run_service(SERVICE, lambda: load(NotifierSettings, os.environ), run)


if __name__ == "__main__":
    main()
