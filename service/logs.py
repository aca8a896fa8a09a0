"""Structured logs: one JSON object a line on standard output.

Keys every line has: `timestamp` (RFC 3339, UTC), `level`, `service`, `event`. Keys with a fixed meaning
where they stand: `job_id`, `account_id`, `event_id`, `offset`, `trace_id`, `error`. `tonearm tail` reads
these lines back; see `cli.tail`.

To log never raises. A line that cannot be written (a full disk, a closed pipe) is lost, and the work that it
is about goes on. Once lines can be written again, `log_lines_lost` gives the number.
"""

import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from service.log_levels import LEVELS, threshold_of

Logger = structlog.stdlib.BoundLogger

STARTED = "started"
"""A service's first line. It is written at every level: who started the service waits for it."""

_encoder = msgspec.json.Encoder(enc_hook=str)


class Lines:
    """Writes lines to a standard stream, and never raises. structlog's logger, by its methods.

    It goes around the stream's own buffer, which would keep what could not be written, and write it twice or
    in halves later.
    """

    def __init__(self, stream: TextIO | None, lost: Callable[[int], str]) -> None:
        """`stream` is None where a process was started without one. `lost` makes the line about lost ones."""
        buffer = getattr(stream, "buffer", None)
        self._file: Any = getattr(buffer, "raw", buffer)
        self._line_about = lost
        self._lock = threading.Lock()
        self._lost, self._torn = 0, False

    def write(self, line: str) -> None:
        """Write one line, or lose it."""
        if self._file is None:
            return
        with self._lock:
            try:
                if self._lost:
                    self._put(self._line_about(self._lost))
                    self._lost = 0
                self._put(line)
            except (OSError, ValueError):  # ValueError: it was closed
                self._lost += 1

    debug = info = warning = error = critical = exception = msg = write

    def _put(self, line: str) -> None:
        left = memoryview(line.encode(errors="backslashreplace") + b"\n")
        if self._torn:
            left = memoryview(b"\n" + left)
        while left:
            written = self._file.write(left)
            if not written:  # None: a pipe that does not block is full
                raise BlockingIOError
            left, self._torn = left[written:], True
        self._torn = False


class _Handler(logging.Handler):
    """Writes the standard library's records to the same lines."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:  # its arguments do not fit its text
            line = _dumps({"level": "error", "event": "log_record_unreadable", "error": repr(error)})
        self._lines.write(line)


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

    def lost(count: int) -> str:
        told = {"service": service, "event": "log_lines_lost", "level": "error", "count": count}
        return _dumps({**told, "timestamp": datetime.now(UTC)})

    lines = Lines(sys.stdout, lost)
    structlog.configure(
        processors=[quiet, *shared, structlog.processors.JSONRenderer(serializer=_dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(min(threshold, logging.INFO)),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    handler = _Handler(lines)
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
        logger_factory=lambda *_: Lines(sys.stderr, lambda count: f"event='log_lines_lost' count={count}"),
        cache_logger_on_first_use=False,
    )


def _dumps(value: Any, **_: Any) -> str:
    try:
        return _encoder.encode(value).decode()
    except Exception:  # half a surrogate, a huge number, an object whose `str` raises
        return _encoder.encode({str(name): _text(each) for name, each in value.items()}).decode()


def _text(value: object) -> str:
    try:
        return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else ascii(value)
    except Exception as error:
        return f"<{type(value).__name__} without a text: {type(error).__name__}>"
