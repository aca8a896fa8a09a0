"""The parts of imports, put together."""

from typing import Any

from msgspec import Struct
from pymongo.asynchronous.database import AsyncDatabase

from events.log import topology
from events.log.progress import ProgressSender
from events.log.publisher import Publisher
from events.log.transient import TransientSender
from events.privacy.job_keys import JobKeys
from events.views.store import JobViews
from events.work.task import Pace
from events.work.worker import Worker
from gateway.files.reception import Reception
from gateway.imports.desk import ImportDesk
from gateway.imports.fetch import Fetch, Terms
from gateway.imports.records import ImportRecords
from gateway.imports.sources import Sources
from gateway.imports.work import ImportHandler
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.metrics import Metrics
from gateway.quotas.quotas import Quotas
from gateway.settings import GatewaySettings
from gateway.storage import Bucket
from gateway.upkeep.unfinished import UnfinishedUploads
from gateway.uploads.idempotency import IdempotencyKeys
from gateway.uploads.intake import Intake
from service.blobs import VIDEOS
from service.handover_keys import handover_keys
from service.metrics.work import WorkMetrics
from service.outbound.client import Outbound
from service.presence import Presence

GRACE = 0.5
"""Seconds for imports under way when the gateway stops. Another gateway goes on with them where they are."""


class Ways(Struct, frozen=True, kw_only=True):
    """The ways out: to the log, to strangers, and to who watches work and workers."""

    publisher: Publisher
    outbound: Outbound
    sender: TransientSender
    presence: Presence


class Imports(Struct, frozen=True, kw_only=True):
    """The parts that others need. `worker` is None where imports are off."""

    desk: ImportDesk
    records: ImportRecords
    unfinished: UnfinishedUploads
    worker: Worker | None


def assembled(
    settings: GatewaySettings,
    database: AsyncDatabase[Any],
    ways: Ways,
    *,
    live: LiveJobs,
    intake: Intake,
    quotas: Quotas,
    metrics: Metrics,
) -> Imports:
    """Return the parts. What is stored of imports is looked after also where they are off."""
    records, videos = ImportRecords(database), Bucket(database, VIDEOS)
    own_jobs = OwnJobs(live, JobViews(database), videos)
    reception = Reception(
        records,
        videos,
        intake,
        own_jobs,
        most=settings.max_upload_bytes,
        life=settings.upload_expires_seconds,
        accepted=metrics.uploads.accepted,
        imported=True,
    )
    sources = Sources(ways.outbound, handover_keys(settings.handover_secrets))
    fetch = Fetch(
        records,
        reception,
        sources,
        Terms(seconds=settings.import_seconds, patience=settings.patience()),
        entrance=quotas.entrance_of,
        progress=ProgressSender(ways.sender),
    )
    pace = Pace(slots=settings.import_slots, grace=GRACE)
    counted = WorkMetrics(metrics.registry).of(topology.IMPORTS, pace.slots)
    handler = ImportHandler(records, reception, fetch, pace, entrance=quotas.entrance_of)
    worker = Worker(
        settings.rabbitmq_url,
        [topology.IMPORTS],
        handler,
        ways.publisher,
        pace=pace,
        observers={topology.IMPORTS: ways.presence.observer(topology.IMPORTS, counted)},
        keys=JobKeys(database),
    )
    is_on = settings.imports == "on"
    return Imports(
        desk=ImportDesk(
            records,
            reception,
            sources,
            IdempotencyKeys(database, lease=settings.patience().lease),
            ways.publisher,
            own_jobs=own_jobs,
            enabled=is_on,
        ),
        records=records,
        unfinished=UnfinishedUploads(
            records, videos, live, reception.accept, life=settings.upload_expires_seconds
        ),
        worker=worker if is_on else None,
    )
