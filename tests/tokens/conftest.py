"""Auth and gateway as processes, with everything real between, and the key that tokens are signed with."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils import uuid4
from waiting import wait_for

from auth.keys.access_tokens import jwk
from cli.account.settings import OperatorSettings
from events.ids import new_id
from events.log.bounds import bounds
from events.log.reader import StreamReader
from events.log.stream import First
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import USER, RabbitMQ
from tests.auth.conftest import Service
from tests.gateway.running import Gateway, Log

PASSWORD = "canary password 7c1e"


@dataclass
class Site:
    """Both services. What must never be told is in `canaries`."""

    auth: Service
    gateway: Gateway
    key: Ed25519PrivateKey
    rotated_out: Ed25519PrivateKey
    """It signed until two days ago."""
    canaries: set[str] = field(default_factory=set)

    known: dict[str, Any] = field(default_factory=dict)

    async def owner(self) -> dict[str, Any]:
        """Somebody with a job and an API key; always the same."""
        if "owner" not in self.known:
            person = await self.person()
            async with self.client(person["access_token"]) as client:
                job = (await client.put("/upload/a.mp4", content=b"video")).json()
                key = (await client.post("/keys", json={"name": "a", "scopes": ["read"]})).json()
            self.canaries.add(key["key"])
            self.known["owner"] = {**person, "job_id": job["job_id"], "key_id": key["key_id"]}
        found: dict[str, Any] = self.known["owner"]
        return found

    async def other(self) -> dict[str, Any]:
        """Somebody else; always the same."""
        if "other" not in self.known:
            self.known["other"] = await self.person()
        found: dict[str, Any] = self.known["other"]
        return found

    async def revoked(self) -> str:
        """An access token of a session that has ended; always the same."""
        if "revoked" not in self.known:
            token = (await self.person())["access_token"]
            async with self.client(token) as client:
                assert (await client.post("/logout")).status_code == 204

                async def out() -> bool:
                    return (await client.get("/jobs")).status_code == 401

                await wait_for(out)
            self.known["revoked"] = token
        return str(self.known["revoked"])

    async def told(self) -> list[str]:
        """Return the canaries that are in the services' logs or in the log of events."""
        known = await self.person()
        async with self.client() as client:
            for email in (known["email"], "canary-unknown@example.com"):
                await client.post("/login", auth=(email, "canary wrong password"))
            await client.get("/jobs?canary=canary-query", headers={"Authorization": "Bearer canary-bearer"})
            await client.get("/password/reset?token=canary-link")
            chosen = {"token": "canary-token", "password": "canary chosen password"}
            for content in ({"json": chosen}, {"data": chosen, "headers": {"Sec-Fetch-Site": "same-origin"}}):
                assert (await client.post("/password/reset", **content)).status_code == 410  # type: ignore[arg-type]
            await client.post("/password/forgot", json={"email": known["email"]})
            codes = (await client.post("/login/device")).json()
            signed = {"Authorization": f"Bearer {known['access_token']}"}
            for step in ("waiting", "approve"):
                shown = {"user_code": codes["user_code"]}
                assert (await client.post(f"/login/device/{step}", json=shown, headers=signed)).is_success
            shown = {"device_code": codes["device_code"]}
            entered = (await client.post("/login/device/token", json=shown)).json()
        self.canaries |= {
            "canary-unknown@example.com",
            "canary wrong password",
            "canary-bearer",
            "canary-query",
            "canary-link",
            "canary-token",
            "canary chosen password",
            *shown.values(),
            codes["user_code"],
            entered["refresh_token"],
        }

        async def all_told() -> bytes:
            """The log, once it holds what is told after the answer."""
            events = b"".join([body async for body in bodies(self.gateway.broker.stream_url)])
            types = (b"account.signed_in", b"account.sign_in_refused")
            return events if all(each in events for each in types) else b""

        events = await wait_for(all_told)
        logs = self.auth.out.read_text() + repr(self.gateway.lines)
        assert "'event': 'request'" in logs
        return [canary for canary in self.canaries if canary in logs or canary.encode() in events]

    @property
    def url(self) -> str:
        return self.gateway.url

    @property
    def kid(self) -> str:
        return jwk(self.key.public_key())["kid"]

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    async def person(self) -> dict[str, Any]:
        """Somebody who has just registered and signed in: the answer, with the address."""
        email = f"canary-{new_id()}@example.com"
        async with self.client() as client:
            shown = {"email": email, "password": PASSWORD}
            made = await client.post("/register", json=shown)
            assert made.status_code == 201, made.text
            signed_in = (await client.post("/login", json=shown)).json()
        self.canaries |= {email, PASSWORD, signed_in["access_token"], signed_in["refresh_token"]}
        claims = jwt.decode(signed_in["access_token"], options={"verify_signature": False})
        return {**signed_in, "email": email, "account_id": claims["sub"], "session_id": claims["sid"]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good token; None leaves one out."""
        now = int(time.time())
        claims = {"iss": "tonearm", "aud": "tonearm", "sub": new_id(), "iat": now, "exp": now + 600}
        claims |= {"jti": new_id(), "sid": new_id(), "scope": "read upload manage account", "roles": ["user"]}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def forge(
        self,
        head: dict[str, Any] | None = None,
        *,
        payload: bytes | None = None,
        sign: Any = None,
        **changes: Any,
    ) -> str:
        """A token by hand, good unless told otherwise."""
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid} | (head or {})
        header = {name: value for name, value in header.items() if value is not None}
        said = payload if payload is not None else json.dumps(self.claims(**changes)).encode()
        return self.put_together(json.dumps(header).encode(), said, sign)

    def put_together(self, header: bytes, payload: bytes, sign: Any = None) -> str:
        text = f"{b64(header)}.{b64(payload)}"
        return f"{text}.{b64((sign or self.key.sign)(text.encode()))}"


async def bodies(stream_url: str) -> AsyncIterator[bytes]:
    """Every event there is."""
    ends = await bounds(stream_url)
    assert ends
    async with asyncio.timeout(30), aclosing(StreamReader(stream_url, First()).batches()) as batches:
        async for batch in batches:
            for record in batch:
                yield record.body
            if batch[-1].offset >= ends.last:
                return


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="session")
async def site(
    rabbitmq: RabbitMQ, mongodb: MongoDB, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    vhost, folder = f"tokens-{uuid4()}", tmp_path_factory.mktemp("tokens")
    async with httpx.AsyncClient(base_url=rabbitmq.management_url, timeout=30) as management:
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        (await management.put(f"/vhosts/{vhost}", json={})).raise_for_status()
        (await management.put(f"/permissions/{vhost}/{USER}", json=rights)).raise_for_status()
    broker, database = Log(rabbitmq.amqp_url_of(vhost), rabbitmq.stream_url_of(vhost)), mongodb.url_of(vhost)
    settings = {
        "ADMIN_EMAIL": "canary-admin@example.com",
        "ADMIN_PASSWORD": PASSWORD,
        "KEY_LEAD_SECONDS": "7",
    }
    files, now = OperatorSettings(local_dir=str(folder / "local")).key_files(), datetime.now(UTC)
    files.read()
    rotated_out, key = (files.add(now - timedelta(days=days)).key for days in (3, 2))
    auth = Service(folder, database, RABBITMQ_URL=broker.url, **settings)
    gateway = Gateway(broker, database, auth)  # type: ignore[arg-type]
    try:
        await asyncio.to_thread(auth.wait)
        await gateway.start()

        async def ready() -> bool:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{auth.url}/health/ready")).status_code == 200

        await wait_for(ready, 30)
        yield Site(auth, gateway, key, rotated_out, {"canary-admin@example.com"})
    finally:
        if gateway.process is not None:
            await gateway.stop()
        await asyncio.to_thread(auth.stop)
