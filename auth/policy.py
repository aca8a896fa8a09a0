"""The operator's policy for requests without a session: registration, services, addresses of clients."""

import hmac
from typing import Any, Literal

from litestar import Request
from msgspec import Struct

Registration = Literal["open", "invitation", "closed"]


class Policy(Struct, frozen=True):
    """The mode of registration, and the services' shared secret; an empty one opens nothing.

    With `verification`, an account is usable only after its holder has confirmed the mailbox.
    """

    registration: Registration = "open"
    verification: bool = True
    service_token: str = ""

    def is_service(self, token: str) -> bool:
        """Return True if this is the services' shared secret."""
        return bool(self.service_token) and hmac.compare_digest(token.encode(), self.service_token.encode())

    def client_of(self, request: Request[Any, Any, Any]) -> str:
        """Return the client's address: the one that a gateway of ours names, else the socket's.

        Empty if there is no shared secret: all clients of a gateway would have one address.
        """
        if not self.service_token:
            return ""
        if self.is_service(request.headers.get("tonearm-service", "")):
            return request.headers.get("tonearm-client", "")
        return request.client.host if request.client else ""

    def __repr__(self) -> str:
        return f"Policy({self.registration!r})"
