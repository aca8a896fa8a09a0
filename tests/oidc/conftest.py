"""Auth and a gateway as processes, and two real providers that people sign in by."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from conftest import started
from servers.openid import CLIENT_ID, SECRET, Canaille
from uuid_utils import uuid4
from waiting import wait_for

from auth.stores import by_url
from auth.stores.directory import Account
from events.envelope import Event, decode
from events.ids import new_id
from events.log.bounds import bounds
from events.log.reader import StreamReader
from events.log.stream import First
from infra.local.ports import free_port
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import USER, RabbitMQ
from tests.auth.conftest import Service
from tests.gateway.running import Gateway, Log

PUBLIC = "https://tonearm.example"
"""Where people reach the gateway, as they think."""
OWN = {"sec-fetch-site": "same-origin"}
PEOPLE = ("ann", "bob", "cid", "dan", "eve", "fay", "gus", "hal", "ida", "joe", "kim", "lea")
SESSION, REFRESH, ATTEMPT = "__Host-tonearm", "__Host-tonearm-refresh", "__Host-tonearm-oidc"


@dataclass
class Site:
    """All of it. `work` lets everybody in who is of its staff; `other` only who has an account already."""

    auth: Service
    gateway: Gateway
    work: Canaille
    other: Canaille
    mongodb_url: str
    sent: list[str] = field(default_factory=list)
    """What providers have sent browsers back with."""

    async def disable(self, account: str) -> None:
        async with by_url.opened(self.mongodb_url) as directory:
            assert await directory.set_disabled(account, True)

    def browser(self) -> "Browser":
        return Browser(self)

    async def events(self) -> list[Event]:
        ends = await bounds(self.gateway.broker.stream_url)
        assert ends
        found: list[Event] = []
        stream = StreamReader(self.gateway.broker.stream_url, First())
        async with asyncio.timeout(30), aclosing(stream.batches()) as batches:
            async for batch in batches:
                found += [decode(record.body) for record in batch]
                if batch[-1].offset >= ends.last:
                    return found
        return found

    async def register(self, name: str, *roles: str, verified: bool = True) -> str:
        """Make an account with a password for somebody's address; its id."""
        account = Account(
            account_id=new_id(),
            email=f"{name}@example.org",
            password_hash="$argon2id$some",
            roles=("user", *roles),
            created=datetime.now(UTC),
            verified=verified,
        )
        async with by_url.opened(self.mongodb_url) as directory:
            await directory.add(account)
        return account.account_id


@dataclass
class Browser:
    """Somebody's browser: what it keeps of the gateway, and of the providers."""

    site: Site
    cookies: dict[str, "Morsel[str]"] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        self._here = httpx.AsyncClient(base_url=self.site.gateway.url, timeout=30)
        self._there = httpx.AsyncClient(timeout=30)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._here.aclose()
        await self._there.aclose()

    async def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Ask the gateway, by whatever name it is reached."""
        headers = more.pop("headers", {})
        kept = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        answer = await self._here.request(
            method, url.removeprefix(PUBLIC), headers=headers | ({"cookie": kept} if kept else {}), **more
        )
        for each in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(each).items():
                self.cookies[name] = morsel
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return answer

    async def get(self, url: str, **more: Any) -> httpx.Response:
        return await self.request("GET", url, **more)

    async def leave(self, provider: str = "work", return_to: str = "/") -> str:
        """Begin to sign in; where the browser is sent."""
        answer = await self.get(f"/login/oidc/{provider}", params={"return_to": return_to})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def away(self, name: str, provider: str = "work", return_to: str = "/") -> str:
        """Begin to sign in, and do so at the provider; with what the browser is sent back."""
        location = await self.leave(provider, return_to)
        server = self.site.work if provider == "work" else self.site.other
        url = await server.sign_in(location, name, self._there)
        self.site.sent += [value for name, value in parse_qsl(urlsplit(url).query) if name != "iss"]
        self.site.sent.append(self.cookies[ATTEMPT].value)
        return url

    async def sign_in(self, name: str, provider: str = "work", return_to: str = "/") -> httpx.Response:
        """Sign in; the gateway's answer to the provider's."""
        return await self.get(await self.away(name, provider, return_to))

    async def account(self) -> str:
        """Whose session this is."""
        headers = {"Authorization": f"Bearer {self.cookies[SESSION].value}"}
        answer = await self._there.post(f"{self.site.auth.url}/validate", headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["sub"])


@pytest.fixture(scope="session")
async def site(
    rabbitmq: RabbitMQ, mongodb: MongoDB, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    vhost = f"oidc-{uuid4()}"
    async with httpx.AsyncClient(base_url=rabbitmq.management_url, timeout=30) as management:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        (await management.put(f"/vhosts/{vhost}", json={})).raise_for_status()
        (await management.put(f"/permissions/{vhost}/{USER}", json=rights)).raise_for_status()
    broker, database = Log(rabbitmq.amqp_url_of(vhost), rabbitmq.stream_url_of(vhost)), mongodb.url_of(vhost)
    people = {
        name: {"email": f"{name}@example.org", "groups": ["staff"], "claims": {"email_verified": True}}
        for name in PEOPLE
    }
    work, other = (Canaille(f"{PUBLIC}/login/oidc/{name}/callback", people) for name in ("work", "other"))
    secret = tmp_path_factory.mktemp("oidc") / "secret"
    secret.write_text(f"{SECRET}\n")
    settings = {
        "PUBLIC_URL": PUBLIC,
        "EMAIL_VERIFICATION": "true",
        "OIDC_ISSUERS": "work, other, typo, down",
        "OIDC_WORK_ISSUER": work.url,
        "OIDC_WORK_CLIENT_ID": CLIENT_ID,
        "OIDC_WORK_CLIENT_SECRET_FILE": str(secret),
        "OIDC_WORK_LABEL": "Work & play",
        "OIDC_WORK_SCOPES": "openid email groups",
        "OIDC_WORK_ROLES_CLAIM": "groups",
        "OIDC_WORK_ADMIN_VALUES": "boss, chief",
        "OIDC_WORK_USER_VALUES": "staff",
        "OIDC_OTHER_ISSUER": other.url,
        "OIDC_OTHER_CLIENT_ID": CLIENT_ID,
        "OIDC_OTHER_CLIENT_SECRET": SECRET,
        "OIDC_OTHER_REGISTRATION": "closed",
        "OIDC_OTHER_LINK_ACCOUNTS": "true",
        "OIDC_TYPO_ISSUER": f"{work.url}/",
        "OIDC_TYPO_CLIENT_ID": CLIENT_ID,
        "OIDC_DOWN_ISSUER": f"http://127.0.0.1:{free_port()}",
        "OIDC_DOWN_CLIENT_ID": CLIENT_ID,
    }
    auth = Service(tmp_path_factory.mktemp("oidc"), database, RABBITMQ_URL=broker.url, **settings)
    gateway = Gateway(broker, database, auth)  # type: ignore[arg-type]
    try:
        await asyncio.gather(started(work), started(other), asyncio.to_thread(auth.wait), gateway.start())

        async def ready() -> bool:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{auth.url}/health/ready")).status_code == 200

        await wait_for(ready, 60)
        yield Site(auth, gateway, work, other, database)
    finally:
        if gateway.process is not None:
            await gateway.stop()
        await asyncio.to_thread(auth.stop)
        await asyncio.gather(work.kill(), other.kill())


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[Browser]:
    async with site.browser() as browser:
        yield browser


@pytest.fixture
async def attacker(site: Site) -> AsyncIterator[Browser]:
    async with site.browser() as browser:
        yield browser
