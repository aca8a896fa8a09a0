"""The application: which routes there are, and who may call them."""

import httpx
from litestar import Litestar, Router
from litestar.types import ASGIApp
from msgspec import Struct

from events.views.store import JobViews
from gateway.accounts.api_keys import ApiKeys, key_routes
from gateway.accounts.auth_client import Auth, Forwarding, password_sign_in
from gateway.accounts.letters import letter_routes, password_routes
from gateway.accounts.oidc import oidc_routes
from gateway.accounts.sessions import account_routes, session_routes
from gateway.callers.addresses import Origin
from gateway.callers.cookies import Cookies
from gateway.callers.guard import signed_in
from gateway.callers.tokens import Tokens
from gateway.handover.audio import download_routes
from gateway.http.access_log import Observed
from gateway.http.early_answers import Lingering
from gateway.http.head import Heads
from gateway.http.problems import answer
from gateway.jobs.event_stream import watch_routes
from gateway.jobs.live import Live
from gateway.jobs.routes import OwnJobs, job_routes
from gateway.metrics import Metrics
from gateway.openapi.document import openapi_config, schema_routes
from gateway.storage import Bucket
from gateway.uploads.families import family_routes
from gateway.uploads.intake import Uploads
from gateway.uploads.preset_routes import preset_routes
from gateway.uploads.presets import Presets
from gateway.uploads.routes import Terms, upload_routes
from gateway.uploads.under_way import Uploading
from service import health
from service.health import Checks
from service.parts import provide
from service.tracing.http import traced


class Parts(Struct, frozen=True, kw_only=True):
    """What the routes work with."""

    auth_url: str
    auth: httpx.AsyncClient
    tokens: Tokens
    live: Live
    views: JobViews
    videos: Bucket
    audio: Bucket
    uploads: Uploads
    presets: Presets
    uploading: Uploading
    terms: Terms
    metrics: Metrics
    checks: Checks
    cookies: Cookies = Cookies()
    origin: Origin = Origin()


def litestar_app(parts: Parts) -> Litestar:
    """Return the framework's application. A route is open to everyone only if it stands in `open_to_all`."""
    own, auth = OwnJobs(parts.live, parts.videos), Auth(parts.auth, parts.auth_url, parts.origin)
    forwarding = Forwarding(auth)
    open_to_all = [
        *account_routes(forwarding, parts.cookies),
        *letter_routes(forwarding),
        *oidc_routes(auth, parts.cookies),
        *health.ROUTES,
        *schema_routes(),
    ]
    guarded = Router(
        "/",
        guards=[signed_in(parts.tokens, password_sign_in(auth), ApiKeys(auth).token, parts.cookies)],
        route_handlers=[
            *session_routes(forwarding, parts.cookies),
            *password_routes(forwarding),
            *key_routes(forwarding),
            *upload_routes(parts.uploads, parts.presets, parts.terms, parts.uploading, parts.metrics.uploads),
            *preset_routes(parts.presets, parts.terms),
            *job_routes(own, parts.live, parts.views),
            *family_routes(own, parts.uploads, parts.presets, parts.terms),
            *watch_routes(own, parts.live, parts.tokens),
            *download_routes(own, parts.audio),
        ],
    )
    return Litestar(
        route_handlers=[*open_to_all, guarded],
        dependencies={"checks": provide(parts.checks)},
        exception_handlers={Exception: answer},
        openapi_config=openapi_config(),
        logging_config=None,
    )


def application(parts: Parts) -> ASGIApp:
    """Return what the server serves."""
    parts.metrics.watch(parts.live, parts.uploading)
    return Lingering(traced(Observed(Heads(litestar_app(parts)), parts.metrics.http)))
