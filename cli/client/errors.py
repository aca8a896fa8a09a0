"""Errors of a conversation with a gateway.

ClientError
├── Unreachable        nobody answers, or answers break off again and again
├── RequestRefused     the gateway refused; the text is its problem document's (RFC 9457)
│   ├── OptionsRefused an option cannot be had as asked, whatever the video is
│   └── SignInRefused  the credentials are wrong, or may not do this
├── SourceChanged      something wrote to the file while it was sent
└── DownloadDamaged    the bytes that arrived are not those that the gateway stored
"""

from events.errors import TonearmError


class ClientError(TonearmError):
    """A request to the gateway did not work."""


class Unreachable(ClientError):
    """Nobody answers, or answers break off again and again."""


class RequestRefused(ClientError):
    """The gateway refused. `status` is HTTP's."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class OptionsRefused(RequestRefused):
    """An option cannot be had as asked, whatever the video is."""


class SignInRefused(RequestRefused):
    """This address and password open no account, or the account may not do this."""


class SourceChanged(ClientError):
    """Something wrote to the file while it was sent, so that nobody knows what would be converted."""


class DownloadDamaged(ClientError):
    """The bytes that arrived are not those that the gateway stored."""
