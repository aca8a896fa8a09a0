"""The errors of auth, grouped by what the caller can do about them. `problems` maps them to HTTP.

TonearmError
├── NotSignedIn            sign in, and try again
│   ├── BadCredentials     no account has this address and password
│   └── InvalidToken       the token is not one of ours, or no longer
├── TooManyFailures        wait for `.seconds`
├── NotAllowed             signed in, but not for this; the text gives the reason
├── InvalidRequest         mend the field that the text names
├── LinkSpent              ask for another letter
├── SignInFailed           begin the sign-in at the provider again
├── SignInRefused          there is no account for this person; the text gives the reason
├── NotFresh               sign in again, and come back at once
├── RegistrationClosed     ask the operator for an account
├── AlreadyRegistered      sign in instead
├── NoSuchAccount          nothing to do
├── NoSuchApiKey           nothing to do
├── NoSuchSession          nothing to do
├── NoSuchProvider         nothing to do
├── NoSuchDevice           look at the code again, or begin again on the device
├── DeviceWaits            a device is not let in; `.error` says whether to ask again
├── KeyUnusable            the operator mends the key file
└── Unavailable            try again later
    ├── Busy               as many passwords as allowed are being hashed
    ├── DirectoryUnavailable  the database is away or slow
    └── IssuerUnavailable  an issuer of OpenID Connect is away, slow, or not what it should be
"""

from events.errors import TonearmError, Unavailable


class NotSignedIn(TonearmError):
    """The request has no credentials."""


class BadCredentials(NotSignedIn):
    """No account has this address and password. The text does not name the wrong one."""


class InvalidToken(NotSignedIn):
    """The token is not one of ours, or no longer good; the text gives the reason."""


class NotAllowed(TonearmError):
    """Signed in, but not for this; the text gives the reason."""


class TooManyFailures(TonearmError):
    """Too many wrong passwords for this account or from this address."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class InvalidRequest(TonearmError):
    """A field of the request does not fit; the text names it and never repeats its value."""


class LinkSpent(TonearmError):
    """The token of a letter is unknown, used or expired."""


class SignInFailed(TonearmError):
    """A sign-in at an issuer failed. `why` is for the log; people begin again."""

    def __init__(self, why: str) -> None:
        super().__init__("the sign-in was not completed, or took too long; begin it again")
        self.why = why


class SignInRefused(TonearmError):
    """An issuer vouches for a person who has no account; the text gives the reason."""


class NotFresh(TonearmError):
    """This needs a session that has just begun."""


class RegistrationClosed(TonearmError):
    """Only the operator makes accounts here."""


class AlreadyRegistered(TonearmError):
    """An account with this address exists."""


class NoSuchAccount(TonearmError):
    """No account has this id."""


class NoSuchApiKey(TonearmError):
    """The account has no API key with this id."""


class NoSuchSession(TonearmError):
    """The account has no session with this id."""


class NoSuchProvider(TonearmError):
    """No issuer has this name here."""


class NoSuchDevice(TonearmError):
    """No device waits with this code."""


class DeviceWaits(TonearmError):
    """A device is not let in (yet); `error` is the reason, in the words of RFC 8628, 3.5."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error = error


class KeyUnusable(TonearmError):
    """The file of the signing key cannot be read, written or understood."""


class Busy(Unavailable):
    """The queue for hashing passwords is full."""

    sentence = "too many at once; try again in a moment"


class DirectoryUnavailable(Unavailable):
    """The database is away, slow or refuses for now."""


class IssuerUnavailable(Unavailable):
    """An issuer is away, slow or answers wrongly; the text holds nothing from its answer."""

    sentence = "signing in by this provider does not work right now; try again in a moment"
