"""`python -m gateway`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import os
from contextlib import AsyncExitStack
from functools import partial
from typing import NoReturn

import structlog

from events.cancelling import cancelled
from events.ids import new_id
from events.log.progress import progress_feed
from events.log.publisher import Publisher
from events.views.projector import Projector
from events.views.store import JobViews
from gateway.app import Parts, application
from gateway.callers.cookies import Cookies
from gateway.callers.revocations import Revocations
from gateway.callers.tokens import Keys, Tokens
from gateway.health import Topology, projection
from gateway.http.bodies import Patience
from gateway.jobs.live import Live
from gateway.metrics import Metrics
from gateway.settings import GatewaySettings
from gateway.storage import Bucket
from gateway.sweeper import Sweeper
from gateway.upkeep import answers, keep_open, prepare
from gateway.uploads.idempotency import UploadKeys
from gateway.uploads.intake import Uploads
from gateway.uploads.presets import Presets
from gateway.uploads.routes import Terms
from gateway.uploads.under_way import Uploading
from service import mongodb
from service.http import serve
from service.metrics.registry import serve_metrics
from service.settings import load
from service.start import run_service, started
from service.stop import unless_stopped
from service.tracing.http import Client
from service.usage import answer_help

SERVICE = "gateway"
UPLOAD_GRACE = 4.0
"""Seconds that uploads under way get when the process is told to stop."""
REQUEST_GRACE = 1.0
"""Seconds that all other requests get after that."""

log = structlog.get_logger()


async def run(settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    started(settings)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(mongodb.connect(settings.mongodb_url))
        database = client.get_default_database("tonearm")
        auth = await stack.enter_async_context(Client(timeout=10.0))
        metrics = Metrics()
        publisher = Publisher(settings.rabbitmq_url, name=SERVICE, watch=metrics.publishing)
        stack.push_async_exit(publisher)

        views, uploading = JobViews(database), Uploading()
        videos, audio = Bucket(database, "videos"), Bucket(database, "audio")
        keys = UploadKeys(database)
        live = Live(views, settings.stream_url, on_event=metrics.seen, on_state=metrics.reader("tail"))
        revocations = Revocations(
            settings.stream_url, live.subscriptions.revoke, on_state=metrics.reader("revocations")
        )
        bindings = Topology(settings.rabbitmq_url, settings.rabbitmq_management_url)
        holder = new_id()
        projector = Projector(
            database, settings.stream_url, holder=holder, on_state=metrics.reader("projector")
        )
        sweeper = Sweeper(
            database,
            live,
            videos,
            audio,
            holder=holder,
            interval=settings.sweep_interval_seconds,
            grace=settings.sweep_grace_seconds,
        )

        async def log_writable() -> str | None:
            return None if publisher.ready else "the broker is away"

        async def log_followed() -> str | None:
            return live.trouble

        async def revocations_followed() -> str | None:
            return revocations.trouble

        parts = Parts(
            auth_url=settings.auth_url,
            auth=auth,
            tokens=Tokens(Keys(auth, settings.auth_url), revocations.holds),
            live=live,
            views=views,
            videos=videos,
            audio=audio,
            uploads=Uploads(videos, keys, publisher, live),
            presets=Presets(database),
            uploading=uploading,
            terms=Terms(
                max_bytes=settings.max_upload_bytes,
                defaults=settings.defaults(),
                roles=settings.roles(),
                patience=Patience(idle=settings.upload_idle_seconds, min_rate=settings.upload_min_rate),
            ),
            metrics=metrics,
            cookies=Cookies(secure=not settings.plain_http_cookies),
            origin=settings.origin(),
            checks={
                "mongodb": partial(answers, database),
                "publisher": log_writable,
                "tail": log_followed,
                "revocations": revocations_followed,
                "topology": bindings.check,
                "projection": projection(live.waiting, lambda: projector.trouble),
            },
        )

        async def draining() -> None:
            live.subscriptions.close()
            if left := await uploading.close(UPLOAD_GRACE):
                log.warning("uploads_cut_off", count=left)

        if not await unless_stopped(stop, prepare(settings.rabbitmq_url, videos, audio, keys)):
            return
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(live.run()),
                tasks.create_task(revocations.run()),
                tasks.create_task(live.subscriptions.follow(progress_feed(settings.rabbitmq_url))),
                tasks.create_task(bindings.run()),
                tasks.create_task(sweeper.run()),
                tasks.create_task(keep_open(publisher, settings.rabbitmq_url)),
            ]
            tasks.create_task(projector.run(stop))
            tasks.create_task(
                serve_metrics(metrics.registry, settings.metrics_host, settings.metrics_port, stop)
            )
            await serve(
                application(parts),
                settings.gateway_host,
                settings.gateway_port,
                stop,
                draining=draining,
                grace=REQUEST_GRACE,
            )
            await cancelled(background)


def main() -> NoReturn:
    """Run the service, and end the process (see `service.start`)."""
    answer_help(SERVICE, GatewaySettings)
    run_service(SERVICE, lambda: load(GatewaySettings, os.environ), run)


if __name__ == "__main__":
    main()
