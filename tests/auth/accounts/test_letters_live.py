"""Mails about accounts, through real processes: gateway, auth, notifier, broker, database and mail server."""

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pymongo.asynchronous.database import AsyncDatabase
from waiting import wait_for

from events.log import topology
from tests.auth.accounts.conftest import TOKEN, Town
from tests.gateway.running import Gateway
from tests.tokens.conftest import bodies

pytestmark = pytest.mark.servers

EMAIL = "canary-ann@example.com"
FIRST, SECOND = "canary of a first password", "canary of a second password"
FORM = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html,*/*;q=0.8"}


async def test_by_the_links_in_mails_somebody_gets_an_account_loses_the_password_and_gets_in_again(
    town: Town, gateway: Gateway, database: AsyncDatabase[Any]
) -> None:
    notifier = await town.notifier()
    async with httpx.AsyncClient(base_url=town.url, timeout=30) as browser:
        await browser.post("/register", json={"email": EMAIL, "password": "not read"})
        link = await town.link()
        for _ in range(2):  # a program that looks at mails has opened it before
            shown = await browser.get(link)
            assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
            assert "At least 15 characters" in shown.text  # before the first try
        sent = {"token": town.tokens[0], "password": FIRST}
        action = urlsplit(link).path
        elsewhere = await browser.post(action, data=sent, headers={**FORM, "Sec-Fetch-Site": "cross-site"})
        assert elsewhere.status_code == 403
        weak = await browser.post(action, data=sent | {"password": "short"}, headers=FORM)
        assert (weak.status_code, 'role="alert"' in weak.text) == (422, True)
        assert "At least 15 characters" in weak.text
        done = await browser.post(action, data=sent, headers=FORM)
        assert (done.status_code, done.headers["content-type"]) == (200, "text/html; charset=utf-8")
        signed_in = (await browser.post("/login", json={"email": EMAIL, "password": FIRST})).json()

        forgot = await browser.post("/password/forgot", data={"email": EMAIL}, headers=FORM)
        assert forgot.status_code == 202
        sent = {"token": parse_qs(urlsplit(await town.link()).query)["token"][0], "password": SECOND}
        assert (await browser.post("/password/reset", json=sent)).status_code == 200
        assert (await browser.post("/password/reset", json=sent)).status_code == 410
        assert "changed" in str((await town.mail())["Subject"])

        async def out() -> bool:
            bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
            return (await browser.get("/jobs", headers=bearer)).status_code == 401

        await wait_for(out)
        assert (await browser.post("/refresh", json=signed_in)).status_code == 401
        assert (await browser.post("/login", auth=(EMAIL, SECOND))).status_code == 200

    async def told() -> bytes:
        """All events, once the notifier has told of each letter: that comes after the mail."""
        events = b"".join([body async for body in bodies(town.broker.stream_url)])
        return events if events.count(b'"type":"account.notified"') >= 3 else b""

    events = await wait_for(told)
    await town.end(notifier)
    logs = b"".join(town.told) + town.auth.out.read_bytes() + repr(gateway.lines).encode()
    assert events.count(b'"type":"account.notified"') == 3
    assert b"letter_sent" in logs
    for canary in (EMAIL, FIRST, SECOND, TOKEN, *town.tokens):
        assert canary.encode() not in events, canary
        assert canary.encode() not in logs, canary
    assert await database["letters"].count_documents({}) == 0


@pytest.mark.long
async def test_a_mail_comes_though_the_notifier_was_killed_while_it_sent_it(town: Town) -> None:
    reached = asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()

    await topology.declare_when_up(town.broker.url)
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as deaf:
        port = deaf.sockets[0].getsockname()[1]
        killed = await town.notifier(SMTP_URL=f"smtp://127.0.0.1:{port}?starttls=never")
        async with httpx.AsyncClient(base_url=town.url, timeout=30) as client:
            await client.post("/register", json={"email": EMAIL})
            async with asyncio.timeout(60):
                await reached.wait()
            await town.end(killed)
            after = await town.notifier()
            sent = {"token": parse_qs(urlsplit(await town.link()).query)["token"][0], "password": FIRST}
            assert (await client.post("/register/confirm", json=sent)).status_code == 200
            assert (await client.post("/login", auth=(EMAIL, FIRST))).status_code == 200
        await town.end(after)
