"""Connections to MySQL and MariaDB that are encrypted before anything else is sent.

The driver alone goes on in the clear if a server, or an impostor, offers no encryption. It then sends the
password in any form that the other side asks for.
"""

from typing import Any

from aiomysql.connection import Connection
from pymysql.constants import CLIENT


class Encrypted(Connection):  # type: ignore[misc]
    """A connection that ends if no encryption is offered, before it sends credentials."""

    async def _request_authentication(self) -> None:
        if not self.server_capabilities & CLIENT.SSL:
            raise ConnectionError("the database offers no encrypted connection")
        await super()._request_authentication()


async def connect(**arguments: Any) -> Encrypted:
    """Open one; the arguments are those of `aiomysql.connect`, `ssl` among them."""
    connection = Encrypted(**arguments)
    await connection._connect()
    return connection
