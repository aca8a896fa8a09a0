"""Who may come in besides the signed-in, and where a request comes from."""

import hmac
from typing import Any, Literal

from litestar import Request
from msgspec import Struct

Registration = Literal["open", "invitation", "closed"]


class Policy(Struct, frozen=True):
    """Who may register, and the services' own secret; an empty one opens nothing.

    With `verification`, an account is its holder's only once they have shown that the mailbox is theirs.
    """

    registration: Registration = "open"
    verification: bool = True
    service_token: str = ""

    def is_service(self, token: str) -> bool:
        """Tell whether this is the services' own secret."""
        return bool(self.service_token) and hmac.compare_digest(token.encode(), self.service_token.encode())

    def client_of(self, request: Request[Any, Any, Any]) -> str:
        """Return the client's address: as a gateway of ours tells, else the socket's.

        Empty where gateways have no secret to show: then all clients would be one.
        """
        if not self.service_token:
            return ""
        if self.is_service(request.headers.get("tonearm-service", "")):
            return request.headers.get("tonearm-client", "")
        return request.client.host if request.client else ""

    def __repr__(self) -> str:
        return f"Policy({self.registration!r})"
