"""The gateway's settings, from the environment."""

from typing import Annotated, Literal

from msgspec import Meta

from events.wishes import NotUnderstood, value
from gateway.callers.addresses import Origin, networks
from gateway.errors import BadOptions
from gateway.http.cors import origins
from gateway.jobs.retention import Retention
from gateway.quotas.limits import ADMIN, USER
from gateway.uploads.options import options_of, read_query
from service import quotas
from service.blobs import SWEEP_GRACE, SWEEP_INTERVAL
from service.http.connections import Share
from service.http.patience import Patience
from service.http.server import Allowance
from service.link_tokens import link_seconds
from service.outbound.addresses import Allowed, allowed
from service.public_url import public_url
from service.quotas import Limits
from service.settings import InvalidSetting, Settings


class GatewaySettings(Settings, frozen=True, kw_only=True):
    """One field, one variable: `mongodb_url` is MONGODB_URL."""

    rabbitmq_url: str = "amqp://guest:guest@127.0.0.1:5672/"
    stream_url: str = "rabbitmq-stream://guest:guest@127.0.0.1:5552/"
    rabbitmq_management_url: str | None = None
    """The broker's management API, http://user:password@host:15672: by it missing bindings are noticed."""
    mongodb_url: str = "mongodb://127.0.0.1:27017/tonearm"
    auth_url: str = "http://127.0.0.1:8081"
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8080
    public_url: str = ""
    """The beginning of links that are handed out; empty: where the gateway listens."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """The port of `/metrics`; 0: none. Not on the gateway's own port, which is the world's."""
    log_level: str = "INFO"
    max_upload_bytes: int = 10 * 1024**3
    upload_idle_seconds: float = 30.0
    """Silence after which an upload is given up."""
    upload_min_rate: float = 1024.0
    """Bytes a second that an upload must bring, over each minute."""
    upload_expires_seconds: Annotated[float, Meta(gt=0)] = 24 * 3600.0
    """Time without a byte after which an upload that may be resumed, at /files, is forgotten."""
    answer_idle_seconds: Annotated[float, Meta(gt=0)] = 30.0
    """Time without a byte read after which a client's answer is ended."""
    answer_min_rate: Annotated[float, Meta(ge=0)] = 1024.0
    """Bytes a second of an answer that a client must read, over each minute."""
    connections_per_address: Annotated[int, Meta(ge=1)] = 256
    """Connections of one client, but for those of trusted proxies; an IPv6 client is a /64."""
    upload_roles: str = "user,admin"
    """Roles that may upload, separated by commas; `admin` for administrators only."""
    default_options: str = ""
    """Options that an upload has unless it names others, such as `format=opus&quality=96k`."""
    quota_user: str = ""
    """Limits of accounts with the role `user`, such as `bytes_stored=50GB&jobs_open=20`; empty: none."""
    quota_admin: str = ""
    """Limits of administrators."""
    plain_http_cookies: bool = False
    """Lets a page's cookies travel without HTTPS, for browsers that do not take localhost for safe."""
    local_stack: bool = False
    """Lets the page say that `./justw status` names the first admin. The local stack alone sets it."""
    sweep_interval_seconds: float = SWEEP_INTERVAL
    sweep_grace_seconds: float = SWEEP_GRACE
    """Age at which files that belong to no job are removed: more than an idempotency key lives, or a late
    repetition could find its file swept."""
    imports: Literal["off", "on"] = "off"
    """Lets accounts have videos fetched from an address (`POST /imports`)."""
    import_allow: str = ""
    """Networks from which imports are fetched besides the world's, at any port, such as `10.20.0.0/16`."""
    import_seconds: Annotated[float, Meta(gt=0)] = 6 * 3600.0
    """Time within which an import must be here, all attempts together."""
    import_slots: Annotated[int, Meta(ge=1, le=32)] = 4
    """Imports that this gateway fetches at a time; each takes some 3 MB of memory."""
    retain_video: str = ""
    """For how long after a job's end its video is kept, such as `7d`; empty: for ever."""
    retain_audio: str = ""
    """The same of its audio."""
    retain_record: str = ""
    """The same of all of the job: what happened to it, its names and its files."""

    handover_secrets: str = ""
    """The secrets that sign links and seal what is stored, `ID:BASE64,ID:BASE64`: the first what is new.
    Without them nothing of that is offered."""
    link_life: str = "7d"
    """For how long a link is good at most, and where nobody asks for less."""
    webhook_allow: str = ""
    """Networks that webhooks may lead to besides the world, such as `10.1.0.0/16,192.168.7.9`."""
    service_token: str = ""
    """The secret by which auth believes who a client is; without it auth takes all clients for one."""
    cors_origins: str = ""
    """Other sites whose pages may call this API with a token, such as `https://example.org`; `*` for any."""
    trusted_proxies: str = ""
    """Networks whose X-Forwarded-For is believed, such as `10.0.0.0/8,::1`."""

    def allowance(self) -> Allowance:
        """Return what one client may have of the server. Raises InvalidSetting."""
        share = Share(of_address=self.connections_per_address, trusted=self.origin().trusted)
        return Allowance(
            share=share, patience=Patience(idle=self.answer_idle_seconds, min_rate=self.answer_min_rate)
        )

    def address(self) -> str:
        """Return PUBLIC_URL, or the address that it stands for. Raises InvalidSetting."""
        return public_url(self.public_url or f"http://{self.gateway_host}:{self.gateway_port}")

    def patience(self) -> Patience:
        """Return the patience with an upload's client."""
        return Patience(idle=self.upload_idle_seconds, min_rate=self.upload_min_rate)

    def origin(self) -> Origin:
        """Return the sender of clients' addresses to auth. Raises InvalidSetting."""
        try:
            return Origin(self.service_token, networks(self.trusted_proxies))
        except ValueError as error:
            raise InvalidSetting(f"TRUSTED_PROXIES: {error}") from None

    def webhook_networks(self) -> Allowed:
        """Return WEBHOOK_ALLOW. Raises InvalidSetting."""
        return allowed("WEBHOOK_ALLOW", self.webhook_allow)

    def other_sites(self) -> tuple[str, ...]:
        """Return CORS_ORIGINS one by one. Raises InvalidSetting."""
        try:
            return origins(self.cors_origins)
        except ValueError as error:
            raise InvalidSetting(f"CORS_ORIGINS: {error}") from None

    def import_networks(self) -> Allowed:
        """Return IMPORT_ALLOW as networks. Raises InvalidSetting."""
        return allowed("IMPORT_ALLOW", self.import_allow)

    def retention(self) -> Retention:
        """Return RETAIN_VIDEO, RETAIN_AUDIO and RETAIN_RECORD in seconds. Raises InvalidSetting."""
        names = ("video", "audio", "record")
        return Retention(**{name: _span(f"retain_{name}", getattr(self, f"retain_{name}")) for name in names})

    def link_seconds(self) -> float:
        """Return LINK_LIFE in seconds. Raises InvalidSetting."""
        return link_seconds(self.link_life)

    def roles(self) -> frozenset[str]:
        """Return UPLOAD_ROLES as a set."""
        return frozenset(role.strip() for role in self.upload_roles.split(",") if role.strip())

    def quotas(self) -> dict[str, Limits]:
        """Return QUOTA_USER and QUOTA_ADMIN by role. Raises InvalidSetting."""
        found = {}
        for role, text in ((USER, self.quota_user), (ADMIN, self.quota_admin)):
            try:
                found[role] = quotas.read(text)
            except ValueError as error:
                raise InvalidSetting(f"QUOTA_{role.upper()}: {error}") from None
        return found

    def defaults(self) -> dict[str, str]:
        """Return DEFAULT_OPTIONS by name. Raises InvalidSetting."""
        try:
            given = read_query(self.default_options)
            options_of(given)
        except BadOptions as error:
            raise InvalidSetting(f"DEFAULT_OPTIONS: {error}") from error
        return given


def _span(name: str, text: str) -> float | None:
    if not text.strip():
        return None
    try:
        seconds: float = value(name, text)
    except NotUnderstood as error:
        raise InvalidSetting(f"{name.upper()}: {error}") from error
    return seconds
