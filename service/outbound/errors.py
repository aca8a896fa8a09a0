"""The reasons why a request to a stranger's address came to nothing, by what its sender can do.

OutboundError
├── Refused          we do not ask there; another address is needed
│   ├── BadURL       it is no address of a web page
│   └── NotPublic    it leads to a network or port that is not for everybody
└── NoAnswer         we asked; later it may work
    ├── NameUnknown  the name has no address
    ├── Unreachable  no connection, or it was lost
    ├── TLSFailed    the other side does not prove who it is
    ├── TooSlow      time was over
    └── BadAnswer    what came is no answer of HTTP, is too long, or redirects for ever

No text holds the address or a part of it, so each may be shown and stored.
"""

from events.errors import TonearmError


class OutboundError(TonearmError):
    """A request to a stranger's address came to nothing."""

    sentence = None


class Refused(OutboundError):
    """We do not ask there."""


class BadURL(Refused):
    """It is no URL that we would ask; the text has the reason."""


class NotPublic(Refused):
    """It leads to a network or a port that is not for everybody."""


class NoAnswer(OutboundError):
    """There was no whole answer. Asking later may help."""


class NameUnknown(NoAnswer):
    """The name of the host has no address."""


class Unreachable(NoAnswer):
    """There was no connection, or it was lost."""


class TLSFailed(NoAnswer):
    """The host could not prove by its certificate who it is, or speaks no TLS."""


class TooSlow(NoAnswer):
    """Time was over before all was there."""


class BadAnswer(NoAnswer):
    """The answer is not HTTP, is too long, or redirects too often."""
