"""Structured logs: one JSON object a line on standard output.

Keys every line has: `timestamp` (RFC 3339, UTC), `level`, `service`, `event`. Keys with a fixed meaning
where they stand: `job_id`, `account_id`, `event_id`, `offset`, `trace_id`, `error`. `tonearm tail` reads
these lines back; see `cli.tail`.
"""

import logging
import sys
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from service.settings import InvalidSetting

Logger = structlog.stdlib.BoundLogger

STARTED = "started"
"""A service's first line. It is written at every level: who started the service waits for it."""

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}

_encoder = msgspec.json.Encoder(enc_hook=str)


def configure(service: str, level: str = "INFO") -> Logger:
    """Send structlog's and the standard library's records to standard output as JSON lines.

    Called once by a service's entry point. Returns the service's logger. Raises InvalidSetting.
    """
    threshold = threshold_of(level)

    def quiet(_: WrappedLogger, method: str, event_dict: EventDict) -> EventDict:
        if LEVELS.get(method.upper(), threshold) < threshold and event_dict.get("event") != STARTED:
            raise structlog.DropEvent
        return event_dict

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
        processors=[quiet, *shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(min(threshold, logging.INFO)),
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


def configure_tool() -> None:
    """Let a command's warnings appear as lines on standard error: standard output is for its results."""
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def threshold_of(level: str) -> int:
    """Return the number of a level's name, in any case. Raises InvalidSetting."""
    try:
        return LEVELS[level.upper()]
    except KeyError:
        raise InvalidSetting(f"setting: LOG_LEVEL is one of {', '.join(LEVELS)}, not {level!r}") from None


def _dumps(value: Any, **_: Any) -> str:
    return _encoder.encode(value).decode()
