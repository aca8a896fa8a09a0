"""The libraries that a command lacks in this installation or on this system. The client needs none."""

from events.errors import TonearmError

_OURS = frozenset({"auth", "cli", "events", "gateway", "infra", "service", "workers"})
_UNIX = frozenset({"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"})
"""Modules of Python that Windows lacks."""
_EXTRAS = {"sqlalchemy": "sql", "aiomysql": "sql", "asyncpg": "sql", "opentelemetry": "otel"}
"""Packages by the extra that brings them. All others come with `services`."""
_OF_A_CHECKOUT = frozenset({"aiosmtpd", "secantus"})
"""Packages of the stack on this machine, which no extra brings: one of them is GPL-2.0, and beta."""


class NotInstalled(TonearmError):
    """A command needs what is not installed; the text has the line that installs it."""


def lacking(error: ModuleNotFoundError) -> NotInstalled | None:
    """Return what an import's failure means for a person; None: it is a fault of ours."""
    package = (error.name or "").partition(".")[0]
    if package in _OURS or not package:
        return None
    if package in _UNIX:
        return NotInstalled("this is for Linux and macOS; it needs what Windows does not have")
    if package in _OF_A_CHECKOUT:
        return NotInstalled(
            f"this needs {package}: the stack on this machine runs from a checkout, by ./justw up"
        )
    extra = _EXTRAS.get(package, "services")
    # By the wheel's file: whatever an index may have under this name is not this project.
    return NotInstalled(
        f"this needs {package}, which the client alone lacks: install the wheel with its extra {extra!r},"
        f" pipx install --force 'tonearm-….whl[{extra}]'"
    )
