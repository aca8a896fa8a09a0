"""`python -m workers.notifier`: reads the environment, opens connections, works until SIGTERM or SIGINT."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from typing import NoReturn

from events.log import topology
from events.log.publisher import Publisher
from events.log.transient import TransientSender
from events.privacy.job_keys import JobKeys
from events.views.store import JobViews
from events.work.task import Handler, Pace
from events.work.worker import Worker
from service import mongodb
from service.handover_keys import handover_keys
from service.help import answer_help
from service.link_tokens import link_seconds
from service.metrics.publishes import PublishMetrics
from service.metrics.registry import new_registry
from service.metrics.work import WorkMetrics
from service.outbound.client import Outbound
from service.outbound.guard import Guard
from service.presence import Presence
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.tracing.http import Client
from service.webhooks.store import HookStore
from service.worker_process import run_workers
from workers.notifier import SERVICE
from workers.notifier.accounts import AuthAccounts
from workers.notifier.hooks.delivery_handler import PATIENCE, DeliveryHandler
from workers.notifier.hooks.news_handler import NewsHandler
from workers.notifier.mail.account_handler import AccountMailHandler
from workers.notifier.mail.hook_handler import HookMailHandler
from workers.notifier.mail.job_handler import JobMailHandler
from workers.notifier.mail.letter_handler import LetterHandler
from workers.notifier.mail.letterhead import letterhead
from workers.notifier.mail.mail_room import MailRoom
from workers.notifier.mail.mailed_links import MailedLinks
from workers.notifier.mail.sent import SentMails
from workers.notifier.mail.smtp import Mailer
from workers.notifier.mail.smtp_url import parse_smtp_url
from workers.notifier.metrics import MailMetrics
from workers.notifier.settings import NotifierSettings


async def run(settings: NotifierSettings, stop: asyncio.Event) -> None:
    """Work until `stop` is set. Raises InvalidSetting before anything is opened."""
    started(settings)
    head = letterhead(settings.mail_from, settings.public_url)
    secrets, life = handover_keys(settings.handover_secrets), link_seconds(settings.link_life)
    mailer, registry = Mailer(parse_smtp_url(settings.smtp_url)), new_registry(SERVICE)
    works = WorkMetrics(registry)
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
        links = MailedLinks(publisher, secrets, head.public_url, life)
        hooks = HookStore(database, secrets)
        outbound = await opened(aclosing(Outbound(Guard(settings.webhook_networks()), PATIENCE)))
        handlers: dict[str, Handler] = {
            topology.MP3: JobMailHandler(room, JobViews(database), links),
            topology.LETTERS: LetterHandler(AccountMailHandler(room), HookMailHandler(room)),
            topology.NEWS: NewsHandler(hooks, publisher),
            topology.HOOKS: DeliveryHandler(
                hooks, JobViews(database), outbound, publisher, public_url=head.public_url
            ),
        }
        slots_of = dict.fromkeys(handlers, settings.notifier_slots) | {topology.HOOKS: settings.webhook_slots}
        presence = Presence(sender, kind=SERVICE, slots=sum(slots_of.values()))
        workers = [
            Worker(
                settings.rabbitmq_url,
                [queue],
                handler,
                publisher,
                pace=Pace(slots=slots_of[queue], delays=topology.delays(queue)),
                observers={queue: presence.observer(queue, works.of(queue, slots_of[queue]))},
                keys=keys,
            )
            for queue, handler in handlers.items()
        ]
        await run_workers(workers, settings.health_host, settings.health_port, stop, registry, presence)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, NotifierSettings, arguments)
    run_service(SERVICE, lambda: load(NotifierSettings, os.environ), run)


if __name__ == "__main__":
    main()
