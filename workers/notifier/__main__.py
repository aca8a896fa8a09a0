"""`python -m workers.notifier`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from typing import Any

import httpx
import structlog
from pymongo import AsyncMongoClient

from events import logs, topology
from events.errors import TonearmError
from events.publisher import Publisher
from events.settings import InvalidSetting, Settings, load
from events.views import JobViews
from events.work import Worker
from workers.notifier.accounts import AuthAccounts
from workers.notifier.handler import Notifier
from workers.notifier.letter import letterhead
from workers.notifier.sent import SentMails
from workers.notifier.smtp import Mailer
from workers.notifier.smtp_url import parse_smtp_url

log = structlog.get_logger()

SERVICE = "notifier"
STOP_SECONDS = 8
"""From the signal on; then SIGALRM ends the process, whatever it waits for: a server may be gone, too."""


class NotifierSettings(Settings, frozen=True, kw_only=True):
    """What the notifier needs to know. `notifier_slots` is how many mails are under way at once."""

    rabbitmq_url: str
    mongodb_url: str
    smtp_url: str
    service_token: str
    auth_url: str = "http://127.0.0.1:8081"
    public_url: str = "http://127.0.0.1:8080"
    mail_from: str = "Tonearm <tonearm@localhost>"
    notifier_slots: int = 4
    log_level: str = "INFO"


async def run(settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Work until told to stop. Raises InvalidSetting before anything is opened."""
    head = letterhead(settings.mail_from, settings.public_url)
    mailer = Mailer(parse_smtp_url(settings.smtp_url))
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=10.0, trust_env=False))
        mongo: AsyncMongoClient[dict[str, Any]] = await stack.enter_async_context(
            AsyncMongoClient(settings.mongodb_url, tz_aware=True, serverSelectionTimeoutMS=5000)
        )
        database = mongo.get_default_database("tonearm")
        await topology.declare_when_up(settings.rabbitmq_url)
        publisher = await stack.enter_async_context(Publisher(settings.rabbitmq_url, name=SERVICE))
        notifier = Notifier(
            views=JobViews(database),
            accounts=AuthAccounts(http, settings.auth_url, settings.service_token),
            mailer=mailer,
            sent=SentMails(database),
            head=head,
            source=SERVICE,
        )
        worker = Worker(
            settings.rabbitmq_url, topology.MP3, notifier, publisher, slots=settings.notifier_slots
        )
        await worker.run(stop)


async def _until_signalled(settings: NotifierSettings) -> None:
    stop = asyncio.Event()

    def end() -> None:
        if not stop.is_set():
            signal.alarm(STOP_SECONDS)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    log.info("started", settings=repr(settings))
    await run(settings, stop)
    log.info("stopped")


def main() -> int:
    """Run the service. Returns 0 after a clean stop, 1 when it cannot start or go on, 2 for bad settings."""
    try:
        settings = load(NotifierSettings, os.environ)
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
