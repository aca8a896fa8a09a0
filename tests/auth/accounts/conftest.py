"""Real processes, for what mails and their links do: auth, gateway, notifier, mail server."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from broker import Broker
from waiting import wait_for

from infra.local.servers.mail import MailCatcher
from tests.auth.conftest import Service
from tests.gateway.running import Gateway

TOKEN = "canary-between-services"


class Town:
    """All of it but the gateway, with one mailbox for everybody. `url` is where links lead to."""

    def __init__(self, broker: Broker, auth: Service, mails: MailCatcher, database: str):
        self.broker, self.auth, self.mails = broker, auth, mails
        self.url, self._database = auth.url, database
        self.told: list[bytes] = []
        self.tokens: list[str] = []
        self._read = 0

    async def notifier(self, **settings: str) -> asyncio.subprocess.Process:
        environment = {
            **{"RABBITMQ_URL": self.broker.url, "MONGODB_URL": self._database, "AUTH_URL": self.auth.url},
            **{"SMTP_URL": self.mails.url, "SERVICE_TOKEN": TOKEN, "PUBLIC_URL": self.url},
            "PATH": os.environ["PATH"],
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workers.notifier"),
            env=environment | settings,
            stdout=asyncio.subprocess.PIPE,
        )

    async def end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.kill()
        self.told.append((await process.communicate())[0])

    async def mail(self) -> EmailMessage:
        """The next mail."""
        await wait_for(lambda: len(self.mails.mails()) > self._read, 60)
        self._read += 1
        read = message_from_bytes(self.mails.mails()[self._read - 1].read_bytes(), policy=default)
        assert isinstance(read, EmailMessage)
        return read

    async def link(self) -> str:
        """The link in the next mail."""
        body = (await self.mail()).get_body(("plain",))
        assert body is not None
        [link] = re.findall(r"https?://\S+", body.get_content())
        self.tokens += parse_qs(urlsplit(link).query).get("token", [])
        return str(link)


@pytest.fixture
async def town(
    broker: Broker, mongodb_url: str, mail_catcher: MailCatcher, tmp_path: Path
) -> AsyncIterator[Town]:
    settings = {"EMAIL_VERIFICATION": "true", "SERVICE_TOKEN": TOKEN}
    auth = Service(tmp_path, mongodb_url, RABBITMQ_URL=broker.url, **settings)

    async def ready() -> bool:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{auth.url}/health/ready")).status_code == 200

    try:
        await asyncio.to_thread(auth.wait)
        await wait_for(ready, 30)
        yield Town(broker, auth, mail_catcher, mongodb_url)
    finally:
        await asyncio.to_thread(auth.stop)


@pytest.fixture
async def gateway(town: Town, mongodb_url: str) -> AsyncIterator[Any]:
    gateway: Any = Gateway(town.broker, mongodb_url, town.auth, SERVICE_TOKEN=TOKEN)  # type: ignore[arg-type]
    town.url = gateway.url
    try:
        await gateway.start()
        yield gateway
    finally:
        await gateway.stop()
