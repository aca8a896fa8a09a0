"""The ports of the local services' metrics, and a list of them that Prometheus reads."""

import json
from collections.abc import Sequence
from pathlib import Path

from infra.local.addresses import HOST
from infra.local.ports import kept_ports

TARGETS = "metrics.json"
"""The list, in the stack's directory (Prometheus' `file_sd_configs`)."""


def scraped(directory: Path, services: Sequence[str]) -> dict[str, int]:
    """Return a port for the metrics of each service, the same ones as the last time, and list them."""
    ports = dict(zip(services, kept_ports(directory / "metrics-ports", len(services)), strict=True))
    targets = [
        {"targets": [f"{HOST}:{port}"], "labels": {"job": name.partition("-")[0], "part": name}}
        for name, port in ports.items()
    ]
    (directory / TARGETS).write_text(json.dumps(targets, indent=1) + "\n")
    return ports
