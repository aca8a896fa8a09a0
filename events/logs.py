"""Structured logs: one JSON object a line on standard output.

Keys every line has: `timestamp` (RFC 3339, UTC), `level`, `service`, `event`. Keys with a fixed meaning
where they stand: `job_id`, `account_id`, `event_id`, `offset`, `trace_id`, `error`. `tonearm tail` reads
these lines back; see `events.tailing`.
"""

import logging
import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

Logger = structlog.stdlib.BoundLogger

_encoder = msgspec.json.Encoder(enc_hook=str)


def configure(service: str, level: str = "INFO") -> Logger:
    """Send structlog's and the standard library's records to standard output as JSON lines.

    Called once by a service's entry point. Returns the service's logger.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]

    def add_service(_: WrappedLogger, __: str, event_dict: EventDict) -> EventDict:
        return {"service": service, **event_dict}

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        add_service,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(threshold, logging.WARNING), force=True)
    logging.captureWarnings(True)
    logger: Logger = structlog.get_logger()
    return logger


def _dumps(value: Any, **_: Any) -> str:
    return _encoder.encode(value).decode()
