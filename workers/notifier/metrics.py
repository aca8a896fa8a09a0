"""Metrics of mails."""

from prometheus_client import CollectorRegistry, Counter


class MailMetrics:
    """Counts mails."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._mails = Counter(
            "tonearm_mails",
            "Mails by what they are about, and what became of them: sent, refused for good, given up after"
            " the last attempt, declined by the account's holder, not needed any more",
            ["kind", "outcome"],
            registry=registry,
        )

    def __call__(self, kind: str, outcome: str) -> None:
        """Count a mail."""
        self._mails.labels(kind, outcome).inc()
