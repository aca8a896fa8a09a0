"""`python -m gateway`: reads the environment, opens connections, serves until SIGTERM or SIGINT."""

import asyncio
import contextlib
import os
import signal
import sys
from contextlib import AsyncExitStack
from typing import Any

import httpx
import structlog
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from events import logs, topology
from events.errors import TonearmError, Unavailable
from events.ids import new_id
from events.progress import progress_feed
from events.projector import Projector
from events.publisher import Publisher
from events.settings import InvalidSetting, load
from events.views import JobViews
from gateway.app import Parts, application
from gateway.bodies import Patience
from gateway.draining import Uploading
from gateway.health import Topology, projection
from gateway.idempotency import UploadKeys
from gateway.live import Live
from gateway.metrics import Metrics
from gateway.serving import serve
from gateway.settings import GatewaySettings
from gateway.storage import Bucket
from gateway.sweeper import Sweeper
from gateway.tokens import Keys, Tokens
from gateway.uploading import Terms
from gateway.uploads import Uploads

SERVICE = "gateway"
UPLOAD_GRACE = 4.0
"""Seconds that uploads under way get when the process is told to stop."""

STOP_SECONDS = 8
"""From the signal on; then SIGALRM ends the process, whatever it waits for: a server may be gone, too."""

log = structlog.get_logger()


async def run(settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    async with AsyncExitStack() as stack:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            settings.mongodb_url,
            tz_aware=True,
            serverSelectionTimeoutMS=5000,
            connectTimeoutMS=5000,
            socketTimeoutMS=30_000,
        )
        stack.push_async_callback(client.close)
        database = client.get_default_database("tonearm")
        auth = await stack.enter_async_context(httpx.AsyncClient(timeout=10.0))
        publisher = Publisher(settings.rabbitmq_url, name=SERVICE)
        stack.push_async_exit(publisher)

        views, metrics, uploading = JobViews(database), Metrics(), Uploading()
        videos, audio = Bucket(database, "videos"), Bucket(database, "audio")
        keys = UploadKeys(database)
        live = Live(views, settings.stream_url)
        bindings = Topology(settings.rabbitmq_url, settings.rabbitmq_management_url)
        holder = new_id()
        projector = Projector(database, settings.stream_url, holder=holder)
        sweeper = Sweeper(
            database,
            live,
            videos,
            audio,
            holder=holder,
            interval=settings.sweep_interval_seconds,
            grace=settings.sweep_grace_seconds,
        )

        async def mongodb() -> str | None:
            return await _answers(database)

        async def log_writable() -> str | None:
            return None if publisher.ready else "the broker is away"

        async def log_followed() -> str | None:
            return live.trouble

        parts = Parts(
            auth_url=settings.auth_url,
            auth=auth,
            tokens=Tokens(Keys(auth, settings.auth_url)),
            live=live,
            views=views,
            videos=videos,
            audio=audio,
            uploads=Uploads(videos, keys, publisher, live),
            uploading=uploading,
            terms=Terms(
                max_bytes=settings.max_upload_bytes,
                roles=settings.roles(),
                patience=Patience(idle=settings.upload_idle_seconds, min_rate=settings.upload_min_rate),
            ),
            metrics=metrics,
            checks={
                "mongodb": mongodb,
                "publisher": log_writable,
                "tail": log_followed,
                "topology": bindings.check,
                "projection": projection(live.waiting, lambda: projector.trouble),
            },
        )

        async def draining() -> None:
            live.subscriptions.close()
            if left := await uploading.close(UPLOAD_GRACE):
                log.warning("uploads_cut_off", count=left)

        if not await _prepared(stop, settings.rabbitmq_url, videos, audio, keys):
            return
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(live.run()),
                tasks.create_task(live.subscriptions.follow(progress_feed(settings.rabbitmq_url))),
                tasks.create_task(bindings.run()),
                tasks.create_task(sweeper.run()),
                tasks.create_task(_keep_open(publisher, settings.rabbitmq_url)),
            ]
            tasks.create_task(projector.run(stop))
            await serve(
                application(parts), settings.gateway_host, settings.gateway_port, stop, draining=draining
            )
            for task in background:
                task.cancel()


async def _prepared(
    stop: asyncio.Event, rabbitmq_url: str, videos: Bucket, audio: Bucket, keys: UploadKeys
) -> bool:
    """Wait for broker and database and make what must stand in them; False when told to stop before.

    Nothing is served until then: with a binding missing, an upload's event would be lost silently.
    """
    while not stop.is_set():
        try:
            await topology.declare(rabbitmq_url)
            for each in (videos, audio, keys):
                await each.prepare()
            return True
        except Unavailable as error:
            log.warning("waiting", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.5)
    return False


async def _keep_open(publisher: Publisher, rabbitmq_url: str) -> None:
    """Keep the publisher's channel open also when nobody uploads, so that `ready` tells of now.

    The broker may have come back empty, so everything is declared again first.
    """
    while True:
        if not publisher.ready:
            try:
                await topology.declare(rabbitmq_url)
                await publisher.open()
            except Unavailable as error:
                log.warning("broker_away", error=str(error))
        await asyncio.sleep(1.0)


async def _answers(database: AsyncDatabase[Any]) -> str | None:
    try:
        await database.command("ping")
    except PyMongoError as error:
        return type(error).__name__
    return None


async def _until_signalled(settings: GatewaySettings) -> None:
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
        settings = load(GatewaySettings, os.environ)
        logs.configure(SERVICE, settings.log_level)
        asyncio.run(_until_signalled(settings))
    except InvalidSetting as error:
        print(f"{SERVICE}: {error}", file=sys.stderr)
        return 2
    except (TonearmError, ExceptionGroup) as error:
        for cause in error.exceptions if isinstance(error, ExceptionGroup) else [error]:
            log.error(
                "cannot_go_on", error=str(cause), exc_info=not isinstance(cause, TonearmError) and cause
            )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
