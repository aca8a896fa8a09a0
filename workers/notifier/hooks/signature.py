"""The signature headers of Standard Webhooks. Pure."""

from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook


def headers(delivery_id: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """Return the headers by which a receiver knows that a message is ours, and new.

    There is a signature for each secret, so that an exchange of secrets stops nothing.
    """
    signatures = [Webhook(secret).sign(delivery_id, now, body) for secret in secrets]
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
