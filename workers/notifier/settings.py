"""The notifier's settings, from the environment (see `service.settings`)."""

from typing import Annotated

from msgspec import Meta

from service.settings import Settings


class NotifierSettings(Settings, frozen=True, kw_only=True):
    """With a `health_port`, the probes are served there."""

    rabbitmq_url: str
    mongodb_url: str
    smtp_url: str
    service_token: str
    handover_secrets: str = ""
    """As the gateway's, which they must equal."""
    auth_url: str = "http://127.0.0.1:8081"
    public_url: str = "http://127.0.0.1:8080"
    mail_from: str = "Tonearm <tonearm@localhost>"
    notifier_slots: int = 4
    """Mails that are under way at once, of each kind."""
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    log_level: str = "INFO"
