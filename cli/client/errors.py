"""Errors of a conversation with a gateway.

CredentialsMissing      nobody to sign in as
ClientError
├── Unreachable        nobody answers, or answers break off again and again
├── RequestRefused     the gateway refused; the text is its problem document's (RFC 9457)
│   ├── OptionsRefused an option or a filter cannot be had as asked, whatever the video is
│   ├── SignInRefused  the credentials are wrong, or may not do this
│   ├── NotThere       what it is about is not there, or not any more
│   ├── NotAsItStands  a job's state, or a limit, is in the way
│   └── Troubled       the gateway cannot answer now
├── ImportEnded        the gateway could not fetch a video; the text is its sentence
├── SourceChanged      something wrote to the file while it was sent
└── DownloadDamaged    the bytes that arrived are not those that the gateway stored
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from events.errors import TonearmError


class CredentialsMissing(TonearmError):
    """No account is given: by arguments, the environment or the local stack."""


class ClientError(TonearmError):
    """A request to the gateway did not work."""


class Unreachable(ClientError):
    """Nobody answers, or answers break off again and again."""


class RequestRefused(ClientError):
    """The gateway refused. `status` is HTTP's; `problem` has all of its problem document."""

    def __init__(self, status: int, text: str, problem: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__(text)
        self.status = status
        self.problem = problem


class OptionsRefused(RequestRefused):
    """An option or a filter cannot be had as asked, whatever the video is."""


class SignInRefused(RequestRefused):
    """This address and password open no account, or the account may not do this."""


class NotThere(RequestRefused):
    """The gateway has no such thing, or not any more."""


class NotAsItStands(RequestRefused):
    """A job's state, or a limit, is in the way."""


class Troubled(RequestRefused):
    """The gateway cannot answer now."""


class ImportEnded(ClientError):
    """The gateway could not fetch a video, or it was called off."""


class SourceChanged(ClientError):
    """Something wrote to the file while it was sent, so that nobody knows what would be converted."""


class DownloadDamaged(ClientError):
    """The bytes that arrived are not those that the gateway stored."""
