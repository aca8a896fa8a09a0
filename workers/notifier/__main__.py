"""`python -m workers.notifier`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import NoReturn

import httpx

from events import mongodb, topology
from events.publisher import Publisher
from events.settings import load
from events.views import JobViews
from events.work import Worker
from service.health import work
from service.lifecycle import run_service, started
from service.metrics.publishing import PublishMetrics
from service.metrics.registry import new_registry
from service.metrics.working import WorkMetrics
from service.stopping import unless_stopped
from service.usage import answer_help
from workers.notifier.accounts import AuthAccounts
from workers.notifier.handler import Notifier
from workers.notifier.letter import letterhead
from workers.notifier.metrics import MailMetrics
from workers.notifier.sent import SentMails
from workers.notifier.settings import NotifierSettings
from workers.notifier.smtp import Mailer
from workers.notifier.smtp_url import parse_smtp_url

SERVICE = "notifier"


async def run(settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Work until told to stop. Raises InvalidSetting before anything is opened."""
    started(settings)
    head = letterhead(settings.mail_from, settings.public_url)
    mailer, registry = Mailer(parse_smtp_url(settings.smtp_url)), new_registry(SERVICE)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10.0, trust_env=False))
        mongo = await stack.enter_async_context(mongodb.connect(settings.mongodb_url))
        database = mongo.get_default_database("tonearm")
        if not await unless_stopped(stop, topology.declare_when_up(settings.rabbitmq_url)):
            return
        publisher = await stack.enter_async_context(
            Publisher(settings.rabbitmq_url, name=SERVICE, watch=PublishMetrics(registry))
        )
        notifier = Notifier(
            views=JobViews(database),
            accounts=AuthAccounts(http, settings.auth_url, settings.service_token),
            mailer=mailer,
            sent=SentMails(database),
            head=head,
            source=SERVICE,
            on_mail=MailMetrics(registry),
        )
        slots = settings.notifier_slots
        worker = Worker(
            settings.rabbitmq_url,
            topology.MP3,
            notifier,
            publisher,
            slots=slots,
            watch=WorkMetrics(registry, topology.MP3, slots),
        )
        await work(worker, settings.health_host, settings.health_port, stop, registry)


def main() -> NoReturn:
    """Run the service, and end the process (see `service.lifecycle`)."""
    answer_help(SERVICE, NotifierSettings)
    run_service(SERVICE, lambda: load(NotifierSettings, os.environ), run)


if __name__ == "__main__":
    main()
