import asyncio
import json
import os
import socket
import time
from contextlib import aclosing
from typing import Any

import httpx
import jwt
import pytest
from servers.line import Line
from servers.postgresql import PostgreSQL
from waiting import wait_for

from events.envelope import decode
from events.log.reader import StreamReader
from events.log.stream import First
from infra.local.servers.rabbitmq import RabbitMQ

ADMIN = {"ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "the canary of an admin"}


def sign_in(service: Any) -> str:
    admin = (ADMIN["ADMIN_EMAIL"], ADMIN["ADMIN_PASSWORD"])
    answer = httpx.post(f"{service.url}/login", auth=admin, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def lines(service: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.out.read_text().splitlines()]


def test_a_token_is_good_after_a_restart_because_key_and_account_are_kept(start: Any) -> None:
    first = start(**ADMIN).wait()
    token = sign_in(first)
    code, seconds = first.stop()
    assert code == 0
    assert seconds < 8
    second = start(**ADMIN | {"ADMIN_PASSWORD": "not looked at any more"}).wait()
    answer = httpx.post(f"{second.url}/validate", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer.json()["roles"] == ["user", "admin"]
    sign_in(second)


def test_every_line_is_json_the_first_names_the_settings_and_none_a_secret(start: Any) -> None:
    service = start(**ADMIN, SERVICE_TOKEN="between-services").wait()
    token = sign_in(service)
    assert service.stop()[0] == 0
    told = lines(service)
    assert told[0]["event"] == "started"
    assert told[-1]["event"] == "stopped"
    for secret in (ADMIN["ADMIN_PASSWORD"], "between-services", token):
        assert secret not in service.out.read_text()


def test_without_a_broker_people_sign_in_and_readiness_says_so(start: Any) -> None:
    """It takes connections and says nothing: who waited for it would wait for half a minute."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        service = start(**ADMIN, RABBITMQ_URL=f"amqp://guest:guest@127.0.0.1:{port}/").wait()
        began = time.monotonic()
        sign_in(service)
        assert time.monotonic() - began < 15
        assert httpx.get(f"{service.url}/health/live").status_code == 200
        answer = httpx.get(f"{service.url}/health/ready")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "publisher: the broker is away"


@pytest.mark.long
async def test_a_registration_while_the_broker_is_away_is_in_the_log_once_it_is_back(
    start: Any, private_rabbitmq: RabbitMQ
) -> None:
    service = start(**ADMIN, RABBITMQ_URL=private_rabbitmq.amqp_url).wait()
    async with httpx.AsyncClient(base_url=service.url) as http:

        async def ready() -> bool:
            return (await http.get("/health/ready")).status_code == 200

        await wait_for(ready)
        await private_rabbitmq.stop()
        person = {"email": "ann@example.com", "password": "a canary password"}
        registered = await http.post("/register", json=person)
        assert registered.status_code == 201
        signed_in = await http.post("/login", json=person)
        assert signed_in.status_code == 200
        assert not await ready()
        await private_rabbitmq.start()
        await wait_for(ready, timeout=30)
    account_id = jwt.decode(signed_in.json()["access_token"], options={"verify_signature": False})["sub"]
    async with (
        asyncio.timeout(20),
        aclosing(StreamReader(private_rabbitmq.stream_url, First()).batches()) as batches,
    ):
        async for batch in batches:
            told = [decode(record.body) for record in batch]
            if ("account.registered", account_id) in [(event.type, event.subject) for event in told]:
                break
    assert service.stop()[0] == 0


@pytest.mark.long
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="idle"),
        pytest.param(b"GET /health/live HTTP/1.1\r\nHo", id="half a header"),
        pytest.param(b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{", id="half a body"),
    ],
)
def test_a_client_that_dawdles_does_not_keep_the_service_from_stopping(start: Any, sent: bytes) -> None:
    service = start(**ADMIN).wait()
    with socket.create_connection(("127.0.0.1", service.port)) as client:
        client.sendall(sent)
        httpx.get(f"{service.url}/health/live")
        code, seconds = service.stop()
    assert code == 0
    assert seconds < 8
    assert lines(service)[-1]["event"] == "stopped"


async def test_accounts_are_where_the_directorys_url_says_and_while_that_is_away_signing_in_is_503(
    start: Any, postgresql: PostgreSQL, postgresql_url: str
) -> None:
    name = postgresql_url.rpartition("/")[2]
    async with Line(postgresql.port) as line:
        service = start(**ADMIN, AUTH_DIRECTORY_URL=postgresql.url_of(name, line.port))
        await asyncio.to_thread(service.wait)
        async with httpx.AsyncClient(base_url=service.url, auth=tuple(ADMIN.values())) as http:

            async def signs_in() -> bool:
                return (await http.post("/login")).status_code == 200

            assert await signs_in()
            await line.cut()
            answer = await http.post("/login")
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert "the database is away" in (await http.get("/health/ready")).json()["detail"]
            await line.mend()
            await wait_for(signs_in)
        assert (await asyncio.to_thread(service.stop))[0] == 0
    assert "p%40ss" not in service.out.read_text()


@pytest.mark.long
def test_it_stops_while_it_waits_for_the_database(start: Any) -> None:
    service = start(MONGODB_URL="mongodb://127.0.0.1:1/x")
    deadline = time.monotonic() + 20
    while '"event":"waiting"' not in service.out.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    code, seconds = service.stop()
    assert code == 0
    assert seconds < 8


@pytest.mark.long
def test_one_odd_byte_in_a_header_and_an_encoded_body_are_the_clients_fault(start: Any) -> None:
    service = start().wait()
    with httpx.Client(base_url=service.url) as client:
        for method, path in (
            ("POST", "/login"),
            ("POST", "/validate"),
            ("GET", "/keys"),
            ("GET", "/nothing"),
        ):
            for header in (b"Accept", b"Accept-Language", b"Authorization", b"Content-Type"):
                odd = client.request(method, path, headers=[(header, b"Basic \xe9")], content=b"{}")
                assert (odd.status_code, odd.json()["type"]) == (400, "/problems/bad-header"), (path, header)
        encoded = client.post("/login", content=b"{}", headers={"Content-Encoding": "gzip"})
    assert (encoded.status_code, encoded.headers["accept-encoding"]) == (415, "identity")


def test_a_taken_port_is_one_clear_line(start: Any) -> None:
    """Granian alone would share the port with the other process and take half of its connections."""
    first = start(**ADMIN).wait()
    second = start(**ADMIN, AUTH_PORT=str(first.port))
    assert second.process.wait(60) == 1
    last = lines(second)[-1]
    assert last["event"] == "cannot_go_on"
    assert str(first.port) in last["error"]


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"ADMIN_EMAIL": "a@example.com"}, "ADMIN_PASSWORD"),
        ({"ADMIN_EMAIL": "none", "ADMIN_PASSWORD": "x"}, "ADMIN_EMAIL"),
        ({"REGISTRATION": "maybe"}, "REGISTRATION"),
        ({"AUTH_PORT": "http"}, "AUTH_PORT"),
    ],
)
def test_a_bad_setting_is_named(start: Any, environ: dict[str, str], named: str) -> None:
    service = start(**environ)
    assert service.process.wait(60) == 2
    assert named in service.out.read_text()


def test_one_process_does_it_all(start: Any) -> None:
    service = start(**ADMIN).wait()
    children = f"/proc/{service.process.pid}/task/{service.process.pid}/children"
    if not os.path.exists(children):  # noqa: PTH110
        pytest.skip("needs Linux")
    with open(children) as file:  # noqa: PTH123
        assert file.read() == ""
