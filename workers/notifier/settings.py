"""The notifier's settings, from the environment (see `service.settings`)."""

from typing import Annotated

from msgspec import Meta

from service.outbound.addresses import Allowed, allowed
from service.settings import Settings


class NotifierSettings(Settings, frozen=True, kw_only=True):
    """With a `health_port`, the probes are served there."""

    rabbitmq_url: str
    mongodb_url: str
    smtp_url: str
    service_token: str
    handover_secrets: str = ""
    """As the gateway's, which they must equal."""
    link_life: str = "7d"
    """For how long the link in a mail is good, where somebody wants one that needs no sign-in."""
    auth_url: str = "http://127.0.0.1:8081"
    public_url: str = "http://127.0.0.1:8080"
    mail_from: str = "Tonearm <tonearm@localhost>"
    notifier_slots: int = 4
    """Mails that are under way at once, of each kind."""
    webhook_allow: str = ""
    """Networks that webhooks may lead to besides the world, as the gateway's."""
    webhook_slots: Annotated[int, Meta(ge=1)] = 32
    """Deliveries to webhooks that are under way at once. Nearly all of their time is the receivers'."""
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    log_level: str = "INFO"

    def webhook_networks(self) -> Allowed:
        """Return WEBHOOK_ALLOW. Raises InvalidSetting."""
        return allowed("WEBHOOK_ALLOW", self.webhook_allow)
