"""The application: the routes, and the parts they work with.

Handlers stand at module level and receive their parts by name (`litestar.di`), so a handler can be imported,
read and inspected without running parts. What got worse: the link between a handler's parameter and
`_dependencies` below is a name, which the framework checks when the application is built, and mypy does not.

The scope of a route stands in its contract, at the handler (`gateway.http.contract`).
"""

from collections.abc import Sequence

import httpx
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp
from msgspec import Struct

from events.log.publisher import Publisher
from events.views.store import JobViews
from gateway.accounts import (
    api_keys,
    devices,
    entry,
    letters,
    oidc,
    own_account,
    preferences,
    present_session,
    sessions,
)
from gateway.accounts.api_keys import ApiKeyTokens
from gateway.accounts.auth_client import AuthClient, AuthProxy, password_sign_in
from gateway.accounts.entry import WaysIn
from gateway.accounts.oidc import ProviderSignIns
from gateway.admin import accounts as admin_accounts
from gateway.admin import events as admin_events
from gateway.admin import jobs as admin_jobs
from gateway.admin import overview, parked_routes
from gateway.admin.accounts import Details
from gateway.admin.broker import Broker
from gateway.admin.disks import Disks
from gateway.admin.history import routes as history
from gateway.admin.history.store import HistoryStore
from gateway.admin.parked_work import ParkedQueues
from gateway.admin.workers import Workers
from gateway.callers.addresses import Origin
from gateway.callers.cookies import Cookies
from gateway.callers.guard import signed_in
from gateway.callers.request_shares import RequestShares
from gateway.callers.tokens import Tokens
from gateway.feeds import client_routes as feed_clients
from gateway.feeds import routes as feeds
from gateway.feeds.contents import Contents
from gateway.feeds.feeds import Feeds
from gateway.feeds.remembered import RememberedFeeds
from gateway.feeds.store import FeedStore
from gateway.files import routes as files
from gateway.files.dialect import TusDialect
from gateway.files.reception import Reception
from gateway.handover import audio, pauses, sleeve
from gateway.handover.archive import routes as archive
from gateway.handover.archive.archives import Archives
from gateway.handover.archive.checksums import Checksums
from gateway.handover.archive.selections import Selections
from gateway.handover.audio import Shelf
from gateway.handover.links import routes as links
from gateway.handover.links import visits
from gateway.handover.links.clips import Clips
from gateway.handover.links.links import LONGEST, Addresses, Links
from gateway.http import problem_pages
from gateway.http.access_log import AccessLog
from gateway.http.capacity import Downloads, Slots
from gateway.http.contract import ANYBODY, Contract, Contracts
from gateway.http.cors import Preflights, cors
from gateway.http.early_answers import EarlyAnswers
from gateway.http.head import HeadAsGet
from gateway.http.problems import answer
from gateway.http.query import known_parameters
from gateway.http.rate_limits import add_fields
from gateway.http.safe_answers import SafeAnswers
from gateway.imports import routes as imports
from gateway.imports.desk import ImportDesk
from gateway.jobs import event_stream
from gateway.jobs import routes as jobs
from gateway.jobs.live import LiveJobs
from gateway.jobs.own_jobs import OwnJobs
from gateway.jobs.retention import Retention
from gateway.jobs.spoken import Spoken
from gateway.jobs.waiting import Waits
from gateway.life import deletion_routes
from gateway.life import routes as life
from gateway.life.deletions import Deletions
from gateway.life.repeats import Repeats
from gateway.life.runs import Runs
from gateway.metrics import Metrics
from gateway.openapi import option_list
from gateway.openapi import routes as schema
from gateway.openapi.document import openapi_config
from gateway.page import routes as page
from gateway.quotas import routes as usage
from gateway.quotas.quotas import Quotas
from gateway.storage import Bucket
from gateway.transcripts import routes as transcripts
from gateway.transcripts.library import Library
from gateway.uploads import option_check, preset_routes
from gateway.uploads import routes as uploads
from gateway.uploads.intake import Intake
from gateway.uploads.presets import Presets
from gateway.uploads.routes import Terms
from gateway.uploads.under_way import UploadsUnderWay
from gateway.webhooks import routes as webhook_routes
from gateway.webhooks.webhooks import Webhooks
from service import health
from service.handover_keys import HandoverKeys
from service.health import Checks
from service.http.connections import Share
from service.http.requests import CleanRequests
from service.known_problems import NOT_READY
from service.parts import provide
from service.tracing.http import traced


class Parts(Struct, frozen=True, kw_only=True):
    """The parts that the routes work with."""

    auth_url: str
    auth: httpx.AsyncClient
    tokens: Tokens
    live: LiveJobs
    views: JobViews
    videos: Bucket
    audio: Bucket
    transcripts: Bucket
    spoken: Spoken
    publisher: Publisher
    intake: Intake
    reception: Reception
    import_desk: ImportDesk
    presets: Presets
    selections: Selections
    deletions: Deletions
    retention: Retention
    quotas: Quotas
    feeds: FeedStore
    remembered_feeds: RememberedFeeds
    webhooks: Webhooks
    under_way: UploadsUnderWay
    terms: Terms
    metrics: Metrics
    checks: Checks
    beyond: Checks = {}
    """Checks of what it can do without for a while, for administrators."""
    broker: Broker
    workers: Workers
    history: HistoryStore
    disks: Disks
    cookies: Cookies = Cookies()
    origin: Origin = Origin()
    share: Share = Share()
    handover_keys: HandoverKeys = HandoverKeys({})
    public_url: str = "http://localhost"
    link_life: float = LONGEST
    other_sites: tuple[str, ...] = ()
    local_stack: bool = False


_PROBES = (
    Router("/", route_handlers=[health.live], opt=Contract(scope=ANYBODY, errors=()).opt),
    Router("/", route_handlers=[health.ready], opt=Contract(scope=ANYBODY, errors=(NOT_READY,)).opt),
)
"""All services share these handlers, so their contracts stand here."""
ROUTES = (
    *entry.ROUTES,
    *sessions.ROUTES,
    *devices.ROUTES,
    *present_session.ROUTES,
    *own_account.ROUTES,
    *letters.ROUTES,
    *oidc.ROUTES,
    *api_keys.ROUTES,
    *preferences.ROUTES,
    *uploads.ROUTES,
    *files.ROUTES,
    *imports.ROUTES,
    *preset_routes.ROUTES,
    *option_list.ROUTES,
    *option_check.ROUTES,
    *usage.ROUTES,
    *jobs.ROUTES,
    *life.ROUTES,
    *event_stream.ROUTES,
    *deletion_routes.ROUTES,
    *webhook_routes.ROUTES,
    *audio.ROUTES,
    *sleeve.ROUTES,
    *pauses.ROUTES,
    *archive.ROUTES,
    *links.ROUTES,
    *visits.ROUTES,
    *feeds.ROUTES,
    *feed_clients.ROUTES,
    *transcripts.ROUTES,
    *admin_accounts.ROUTES,
    *admin_jobs.ROUTES,
    *overview.ROUTES,
    *admin_events.ROUTES,
    *history.ROUTES,
    *parked_routes.ROUTES,
    *_PROBES,
    *problem_pages.ROUTES,
    *schema.ROUTES,
    *page.ROUTES,
)


def litestar_app(parts: Parts, routes: Sequence[HTTPRouteHandler | Router] = ROUTES) -> Litestar:
    """Return the framework's application. Raises ImproperlyConfiguredException: a route has no contract."""
    contracts = Contracts()
    auth = AuthClient(parts.auth, parts.auth_url, parts.origin)
    key_tokens = ApiKeyTokens(auth)
    guard = signed_in(
        parts.tokens, password_sign_in(auth), key_tokens.token, parts.cookies, parts.quotas.count
    )
    return Litestar(
        route_handlers=routes,
        dependencies=_dependencies(parts, auth) | {"key_tokens": provide(key_tokens)},
        guards=[guard, known_parameters],
        plugins=[contracts],
        exception_handlers={Exception: answer},
        before_send=[add_fields],
        cors_config=cors(parts.other_sites),
        openapi_config=openapi_config(contracts),
        logging_config=None,
    )


def _dependencies(parts: Parts, auth: AuthClient) -> dict[str, Provide]:
    """Return the parts by the names that handlers ask for them."""
    own_jobs = OwnJobs(parts.live, parts.views, parts.videos)
    runs = Runs(parts.live, own_jobs, parts.publisher)
    addresses = Addresses(parts.public_url, parts.handover_keys)
    downloads = Downloads(of_account=20, of_address=100, most=200)
    return {
        "archives": provide(Archives(own_jobs, parts.audio, Checksums(parts.audio), parts.selections)),
        "auth": provide(AuthProxy(auth)),
        "broker": provide(parts.broker),
        "checks": provide(parts.checks),
        "condition": provide(overview.Condition({**parts.checks, **parts.beyond}, parts.disks)),
        "clips": provide(Clips(parts.audio)),
        "details": provide(Details(parts.views, parts.quotas)),
        "contents": provide(Contents(parts.live, parts.views, parts.audio, Slots(20))),
        "deletions": provide(parts.deletions),
        "feeds": provide(Feeds(parts.feeds, parts.publisher, parts.handover_keys, parts.public_url)),
        "handover_keys": provide(parts.handover_keys),
        "history": provide(parts.history),
        "links": provide(Links(parts.live, own_jobs, parts.publisher, addresses, parts.link_life)),
        "library": provide(Library(parts.transcripts, parts.live, parts.publisher)),
        "live": provide(parts.live),
        "own_jobs": provide(own_jobs),
        "parked_queues": provide(ParkedQueues(parts.broker.url, parts.live, runs)),
        "presets": provide(parts.presets),
        "public_url": provide(parts.public_url),
        "quotas": provide(parts.quotas),
        "reception": provide(parts.reception),
        "remembered": provide(parts.remembered_feeds),
        "repeats": provide(Repeats(runs, parts.intake, parts.presets, parts.live)),
        "runs": provide(runs),
        "retention": provide(parts.retention),
        "session_cookies": provide(parts.cookies),
        "shelf": provide(Shelf(own_jobs, parts.audio, downloads, parts.origin)),
        "sign_ins": provide(ProviderSignIns(auth, parts.cookies)),
        "spoken": provide(parts.spoken),
        "terms": provide(parts.terms),
        "tokens": provide(parts.tokens),
        "upload_metrics": provide(parts.metrics.uploads),
        "under_way": provide(parts.under_way),
        "import_desk": provide(parts.import_desk),
        "intake": provide(parts.intake),
        "views": provide(parts.views),
        "waits": provide(Waits(parts.live, parts.tokens)),
        "webhooks": provide(parts.webhooks),
        "ways_in": provide(WaysIn(auth, local=parts.local_stack)),
        "workers": provide(parts.workers),
    }


def application(parts: Parts) -> ASGIApp:
    """Return the application as it is served, with everything around it."""
    parts.metrics.watch(parts.live, parts.under_way)
    inner = CleanRequests(RequestShares(TusDialect(HeadAsGet(Preflights(litestar_app(parts)))), parts.share))
    return EarlyAnswers(traced(AccessLog(SafeAnswers(inner), parts.metrics.http)))
