"""`python -m gateway`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, NoReturn

import structlog
from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from events.envelope import Recorded
from events.ids import new_id
from events.log import topology
from events.log.heartbeats import heartbeat_feed
from events.log.progress import progress_feed
from events.log.publisher import Publisher
from events.log.transient import TransientSender
from events.privacy.job_keys import JobKeys
from events.views.leases import Lease
from events.views.projector import Projector
from events.views.store import JobViews
from gateway.admin.broker import Broker
from gateway.admin.disks import Disks
from gateway.admin.history.look import is_end, look
from gateway.admin.history.recorder import Counting, Recorder
from gateway.admin.history.store import HistoryStore
from gateway.admin.workers import Workers
from gateway.app import Parts, application
from gateway.callers.cookies import Cookies
from gateway.callers.revocations import Revocations
from gateway.callers.tokens import PublicKeys, Tokens
from gateway.feeds.remembered import RememberedFeeds
from gateway.feeds.store import FeedStore
from gateway.files.reception import Reception
from gateway.files.records import Record, Records
from gateway.handover.archive.selections import Selections
from gateway.imports.assembly import Imports, Ways, assembled
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.spoken import Spoken
from gateway.life.deletions import Deletions
from gateway.line.line import Line
from gateway.metrics import Metrics
from gateway.quotas.door import Door
from gateway.quotas.limits import AccountLimits
from gateway.quotas.live_usage import LiveUsage
from gateway.quotas.quotas import Quotas
from gateway.quotas.request_rate import RequestRate
from gateway.readiness import Bindings, auth_check, projection
from gateway.settings import GatewaySettings
from gateway.storage import Bucket, Buckets
from gateway.upkeep.caretaker import Caretaker
from gateway.upkeep.erased_accounts import ErasedAccounts
from gateway.upkeep.eraser import Eraser
from gateway.upkeep.expiry import Expiries
from gateway.upkeep.sweeper import Sweeper
from gateway.upkeep.unfinished import UnfinishedUploads
from gateway.uploads.idempotency import IdempotencyKeys
from gateway.uploads.intake import Intake
from gateway.uploads.presets import Presets
from gateway.uploads.routes import Terms
from gateway.uploads.under_way import UploadsUnderWay
from gateway.webhooks.deliveries import DeliveryStore
from gateway.webhooks.projection import HookProjection
from gateway.webhooks.webhooks import Webhooks
from service import mongodb
from service.background import Work, kept_running
from service.blobs import AUDIO, TRANSCRIPTS, VIDEOS
from service.handover_keys import handover_keys
from service.health import trouble_check
from service.help import answer_help
from service.http.server import serve
from service.metrics.registry import serve_metrics
from service.outbound.client import Outbound
from service.outbound.client import Patience as OutboundPatience
from service.outbound.guard import Guard
from service.presence import Presence
from service.quotas import OwnLimits
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.tracing.http import Client
from service.upkeep import database_check, keep_open, link_check, prepared
from service.webhooks.store import HookStore

SERVICE = "gateway"
UPLOAD_GRACE = 4.0
"""Seconds that uploads under way get after the signal to stop."""
REQUEST_GRACE = 1.0
"""Seconds that all other requests get after that."""

log = structlog.get_logger()


class Followers(Struct, frozen=True, kw_only=True):
    """The parts that follow the log, and those that depend on it."""

    live: LiveJobs
    revocations: Revocations
    bindings: Bindings
    projector: Projector
    caretaker: Caretaker
    deletions: Deletions
    workers: Workers
    quotas: Quotas
    webhooks: Webhooks
    hook_projection: HookProjection
    recorder: Recorder
    intake: Intake
    reception: Reception
    remembered_feeds: RememberedFeeds
    imports: Imports


async def run(settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    started(settings)
    async with AsyncExitStack() as stack:
        mongo = await stack.enter_async_context(mongodb.connect(settings.mongodb_url))
        database = mongo.get_default_database("tonearm")
        auth = await stack.enter_async_context(Client(timeout=10.0))
        metrics = Metrics()
        keys = JobKeys(database)
        publisher = Publisher(settings.rabbitmq_url, name=SERVICE, observer=metrics.publishing, keys=keys)
        stack.push_async_exit(publisher)
        sender = await stack.enter_async_context(TransientSender(settings.rabbitmq_url, name="presence"))
        ways = Ways(
            publisher=publisher,
            outbound=Outbound(
                Guard(settings.import_networks()), OutboundPatience(idle=settings.upload_idle_seconds)
            ),
            sender=sender,
            presence=Presence(
                sender, kind=SERVICE, slots=settings.import_slots if settings.imports == "on" else 0
            ),
        )
        stack.push_async_callback(ways.outbound.aclose)
        followers = _followers(settings, database, ways, metrics, keys)
        parts = _parts(settings, database, auth, publisher, metrics, followers)
        retries = topology.retries(topology.IMPORTS, topology.delays(topology.IMPORTS))
        steps = (
            partial(topology.declare, settings.rabbitmq_url, retries),
            parts.videos.prepare,
            parts.audio.prepare,
            parts.transcripts.prepare,
            IdempotencyKeys(database).prepare,
            Selections(database).prepare,
            parts.feeds.prepare,
            DeliveryStore(database).prepare,
            _hooks(settings, database).prepare,
            Records(database, Record).prepare,
            followers.imports.records.prepare,
        )
        if not await unless_stopped(stop, prepared(*steps)):
            return
        background = _background(settings, publisher, followers)
        async with ways.presence.shown(), asyncio.TaskGroup() as tasks, kept_running(**background):
            tasks.create_task(followers.projector.run(stop))
            if followers.imports.worker is not None:
                tasks.create_task(followers.imports.worker.run(stop))
            tasks.create_task(
                serve_metrics(metrics.registry, settings.metrics_host, settings.metrics_port, stop)
            )
            await serve(
                application(parts),
                settings.gateway_host,
                settings.gateway_port,
                stop,
                draining=partial(_drain, parts),
                grace=REQUEST_GRACE,
                allowance=settings.allowance(),
            )


def _background(settings: GatewaySettings, publisher: Publisher, followers: Followers) -> dict[str, Work]:
    live, url = followers.live, settings.rabbitmq_url
    return {
        "tail": live.run,
        "revocations": followers.revocations.run,
        "progress": lambda: live.subscriptions.follow(followers.workers.overhearing(progress_feed(url))),
        "heartbeats": lambda: followers.workers.follow(heartbeat_feed(url)),
        "bindings": followers.bindings.run,
        "caretaker": followers.caretaker.run,
        "history": followers.recorder.run,
        "quotas": followers.quotas.limits.run,
        "webhooks": followers.hook_projection.run_with_lease,
        "publisher": partial(keep_open, publisher, url),
    }


def _followers(
    settings: GatewaySettings,
    database: AsyncDatabase[Any],
    ways: Ways,
    metrics: Metrics,
    keys: JobKeys,
) -> Followers:
    holder, stream, workers, remembered = new_id(), settings.stream_url, Workers(), RememberedFeeds()
    publisher = ways.publisher

    def seen(recorded: Recorded) -> None:
        metrics.seen(recorded)
        remembered.hear(recorded)
        caretaker.hear(recorded)

    live = LiveJobs(
        JobViews(database),
        stream,
        on_event=seen,
        on_state=metrics.reader("tail"),
        keys=keys,
        line=Line(partial(workers.slots, "converter")),
    )
    deletions, quotas = Deletions(publisher, live), _quotas(settings, database, live)
    hooks, deliveries = _hooks(settings, database), DeliveryStore(database)
    webhooks = Webhooks(hooks, deliveries, publisher, Guard(settings.webhook_networks()))
    intake, reception = _intake(settings, database, live, publisher, metrics)
    unfinished = UnfinishedUploads(
        Records(database, Record),
        Bucket(database, VIDEOS),
        live,
        reception.accept,
        life=settings.upload_expires_seconds,
    )
    imports = assembled(settings, database, ways, live=live, intake=intake, quotas=quotas, metrics=metrics)
    caretaker = _caretaker(
        settings,
        database,
        Lease(database, "sweeper", holder, 30.0),
        live,
        deletions,
        publisher,
        keys,
        quotas,
        (unfinished, imports.unfinished),
        webhooks,
    )
    return Followers(
        live=live,
        quotas=quotas,
        webhooks=webhooks,
        hook_projection=HookProjection(
            Lease(database, "webhooks", holder, 30.0), hooks, deliveries, database, stream
        ),
        revocations=Revocations(stream, live.subscriptions.revoke, on_state=metrics.reader("revocations")),
        bindings=Bindings(settings.rabbitmq_url, settings.rabbitmq_management_url),
        projector=Projector(database, stream, holder=holder, on_state=metrics.reader("projector"), keys=keys),
        caretaker=caretaker,
        deletions=deletions,
        workers=workers,
        recorder=_recorder(settings, database, Lease(database, "history", holder, 30.0), live),
        intake=intake,
        reception=reception,
        remembered_feeds=remembered,
        imports=imports,
    )


def _intake(
    settings: GatewaySettings,
    database: AsyncDatabase[Any],
    live: LiveJobs,
    publisher: Publisher,
    metrics: Metrics,
) -> tuple[Intake, Reception]:
    """Return what takes in videos: those that come in one request, and those that come in pieces."""
    videos = Bucket(database, VIDEOS)
    intake = Intake(videos, IdempotencyKeys(database, lease=settings.patience().lease), publisher, live)
    reception = Reception(
        Records(database, Record),
        videos,
        intake,
        OwnJobs(live, JobViews(database), videos),
        most=settings.max_upload_bytes,
        life=settings.upload_expires_seconds,
        accepted=metrics.uploads.accepted,
    )
    return intake, reception


def _recorder(
    settings: GatewaySettings, database: AsyncDatabase[Any], lease: Lease, live: LiveJobs
) -> Recorder:
    store, broker = HistoryStore(database), Broker(settings.rabbitmq_url, settings.stream_url)
    counting = Counting(store, settings.stream_url, partial(is_end, live))
    return Recorder(lease, store, counting, partial(look, broker, live))


def _caretaker(
    settings: GatewaySettings,
    database: AsyncDatabase[Any],
    lease: Lease,
    live: LiveJobs,
    deletions: Deletions,
    publisher: Publisher,
    keys: JobKeys,
    quotas: Quotas,
    unfinished: Sequence[UnfinishedUploads],
    webhooks: Webhooks,
) -> Caretaker:
    views, interval = JobViews(database), settings.sweep_interval_seconds
    buckets = Buckets.of(database)
    accounts, spent = ErasedAccounts(database, settings.stream_url), IdempotencyKeys(database)

    async def names_of_job(job_id: str) -> None:
        await keys.destroy([job_id])

    return Caretaker(
        lease,
        views,
        live,
        deletions=deletions,
        eraser=Eraser(
            live,
            buckets,
            publisher,
            (spent.forget, *(each.forget for each in unfinished), names_of_job),
        ),
        accounts=accounts,
        expiries=Expiries(views, live, deletions, settings.retention(), interval),
        sweeper=Sweeper(live, buckets, accounts, unfinished, grace=settings.sweep_grace_seconds),
        unfinished=unfinished,
        forget_account=(
            Presets(database, {}).forget_account,
            Selections(database).forget_account,
            FeedStore(database).forget_account,
            spent.forget_account,
            *(each.forget_account for each in unfinished),
            keys.destroy_account,
            quotas.forget,
            webhooks.forget_account,
        ),
        interval=interval,
    )


def _hooks(settings: GatewaySettings, database: AsyncDatabase[Any]) -> HookStore:
    return HookStore(database, handover_keys(settings.handover_secrets))


def _quotas(settings: GatewaySettings, database: AsyncDatabase[Any], live: LiveJobs) -> Quotas:
    usage = LiveUsage(live, JobViews(database))
    limits = AccountLimits(OwnLimits(database), settings.quotas())
    return Quotas(
        limits, usage, Door(database, usage, lease=settings.patience().lease), RequestRate(database)
    )


def _parts(
    settings: GatewaySettings,
    database: AsyncDatabase[Any],
    auth: Client,
    publisher: Publisher,
    metrics: Metrics,
    followers: Followers,
) -> Parts:
    live = followers.live
    return Parts(
        auth_url=settings.auth_url,
        auth=auth,
        tokens=Tokens(PublicKeys(auth, settings.auth_url), followers.revocations.holds),
        live=live,
        views=JobViews(database),
        videos=Bucket(database, VIDEOS),
        audio=Bucket(database, AUDIO),
        transcripts=Bucket(database, TRANSCRIPTS),
        spoken=Spoken(database),
        publisher=publisher,
        intake=followers.intake,
        reception=followers.reception,
        import_desk=followers.imports.desk,
        presets=Presets(database, settings.defaults()),
        selections=Selections(database),
        deletions=followers.deletions,
        retention=settings.retention(),
        quotas=followers.quotas,
        feeds=FeedStore(database),
        remembered_feeds=followers.remembered_feeds,
        webhooks=followers.webhooks,
        under_way=UploadsUnderWay(),
        terms=Terms(
            max_bytes=settings.max_upload_bytes,
            roles=settings.roles(),
            patience=settings.patience(),
        ),
        metrics=metrics,
        broker=Broker(settings.rabbitmq_url, settings.stream_url),
        workers=followers.workers,
        history=HistoryStore(database),
        disks=Disks(database, settings.rabbitmq_management_url),
        handover_keys=handover_keys(settings.handover_secrets),
        public_url=settings.address(),
        link_life=settings.link_seconds(),
        cookies=Cookies(secure=not settings.plain_http_cookies),
        origin=settings.origin(),
        share=settings.allowance().share,
        other_sites=settings.other_sites(),
        local_stack=settings.local_stack,
        checks={
            "mongodb": database_check(database),
            "publisher": link_check(publisher),
            "tail": trouble_check(lambda: live.trouble and "the log is not followed"),
            "revocations": trouble_check(
                lambda: followers.revocations.trouble and "it is not known who has signed out"
            ),
            "topology": trouble_check(lambda: followers.bindings.trouble),
            "projection": projection(live.waiting, lambda: followers.projector.trouble),
        },
        beyond={"auth": auth_check(auth, settings.auth_url)},
    )


async def _drain(parts: Parts) -> None:
    parts.live.subscriptions.close()
    if left := await parts.under_way.close(UPLOAD_GRACE):
        log.warning("uploads_cut_off", count=left)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, GatewaySettings, arguments)
    run_service(SERVICE, lambda: load(GatewaySettings, os.environ), run)


if __name__ == "__main__":
    main()
