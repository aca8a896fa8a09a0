"""The schemas of all that the gateway takes and answers, as one file for clients: `cli/schemas/gateway.json`.

`python -m gateway.schemas --write` writes it. What `tonearm schema COMMAND` prints is made of it.
"""

import sys
from pathlib import Path
from typing import Any

from msgspec.structs import fields

from events import schemas
from gateway.admin.broker import Broker
from gateway.admin.workers import Workers
from gateway.app import Parts, litestar_app
from gateway.metrics import Metrics
from gateway.quotas.quotas import Quotas

FILE = Path(__file__).parents[1] / "cli" / "schemas" / "gateway.json"
"""In the checkout, which is the only place where it is written."""


def parts_of_nothing() -> Parts:
    """Return enough for the application to be put together. None of it works."""
    nothing: Any = None
    known: dict[str, Any] = {
        "auth_url": "http://localhost",
        "quotas": Quotas(nothing, nothing, nothing, nothing),
        "metrics": Metrics(),
        "broker": Broker("", ""),
        "workers": Workers(),
        "checks": {},
    }
    return Parts(**{field.name: None for field in fields(Parts) if field.required} | known)


def components() -> dict[str, Any]:
    """Return the schemas by name, as they stand in the OpenAPI document."""
    document = litestar_app(parts_of_nothing()).openapi_schema.to_schema()
    found: dict[str, Any] = document["components"]["schemas"]
    return dict(sorted(found.items()))


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            sys.stdout.buffer.write(schemas.pretty(components()))
        case ["--write"]:
            FILE.write_bytes(schemas.pretty(components()))
        case _:
            sys.exit("usage: python -m gateway.schemas [--write]")
