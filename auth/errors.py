"""The errors of auth, grouped by what the caller can do about them. `problems` maps them to HTTP.

TonearmError
├── NotSignedIn            show who you are, and try again
│   ├── BadCredentials     no account has this address and password
│   └── InvalidToken       the token is not one of ours, or no longer
├── TooManyFailures        wait for `.seconds`
├── InvalidRequest         say it differently; the text names what
├── LinkSpent              ask for another letter
├── RegistrationClosed     ask the operator for an account
├── AlreadyRegistered      sign in instead
├── NoSuchAccount          nothing to do
├── NoSuchKey              nothing to do
├── KeyUnusable            the operator mends the key file
└── Unavailable            try again later
    ├── Busy               as many passwords as allowed are being hashed
    ├── DirectoryUnavailable  the database is away or slow
    └── NotReady           asked for its health, the service names what it lacks
"""

from events.errors import TonearmError, Unavailable


class NotSignedIn(TonearmError):
    """Nobody has shown who they are."""


class BadCredentials(NotSignedIn):
    """No account has this address and password. Never says which of the two is wrong."""


class InvalidToken(NotSignedIn):
    """The token is not one of ours, or no longer; the text says why."""


class TooManyFailures(TonearmError):
    """Too many wrong passwords for this account or from this address."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class InvalidRequest(TonearmError):
    """What was asked for cannot be; the text names the field and never repeats its value."""


class LinkSpent(TonearmError):
    """The token of a letter is not good (any more)."""


class RegistrationClosed(TonearmError):
    """The operator makes the accounts here."""


class AlreadyRegistered(TonearmError):
    """An account with this address exists."""


class NoSuchAccount(TonearmError):
    """No account has this id."""


class NoSuchKey(TonearmError):
    """The account has no API key with this id."""


class KeyUnusable(TonearmError):
    """The file of the signing key cannot be read, written or understood."""


class Busy(Unavailable):
    """As many passwords as allowed are being hashed or wait for it."""


class DirectoryUnavailable(Unavailable):
    """The database is away, slow or refuses for now."""


class NotReady(Unavailable):
    """Something this service needs is missing; the text names it and holds no address."""
