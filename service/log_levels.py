"""The levels of log lines, by the names that the setting LOG_LEVEL takes."""

import logging

from service.settings import InvalidSetting

LEVELS = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}


def threshold_of(level: str) -> int:
    """Return the number of a level's name, in any case. Raises InvalidSetting."""
    try:
        return LEVELS[level.upper()]
    except KeyError:
        raise InvalidSetting(f"setting: LOG_LEVEL is one of {', '.join(LEVELS)}, not {level!r}") from None
