import asyncio
import os
import socket
from pathlib import Path

import pytest

from infra.local import ports
from infra.local.errors import PortTaken


async def test_a_taken_port_is_told_with_its_number_its_holder_and_the_way_out() -> None:
    port = ports.free_port()
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", port)
    async with server:
        with pytest.raises(PortTaken) as refused:
            ports.demand("127.0.0.1", port, "GATEWAY_PORT")
    text = str(refused.value)
    assert f"port {port} is taken" in text
    assert f"(process {os.getpid()})" in text
    assert "GATEWAY_PORT=" in text


async def test_a_free_port_is_not_complained_about() -> None:
    port = ports.free_port()
    ports.demand("127.0.0.1", port, "GATEWAY_PORT")
    assert not await ports.is_open(port)


@pytest.mark.parametrize(("status", "ok"), [("200 OK", True), ("503 Service Unavailable", False)])
async def test_only_a_200_counts_as_ready(status: str, ok: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    port = ports.free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        assert await ports.http_ok(port, "/health/ready") is ok


def test_what_is_not_ours_to_listen_on_is_not_called_taken() -> None:
    with pytest.raises(PortTaken, match=r"192\.0\.2\.1.*Cannot assign requested address"):
        ports.demand("192.0.2.1", 8080, "GATEWAY_PORT")


def test_at_the_end_of_all_ports_another_one_is_found() -> None:
    assert 0 < ports.another(65531) < 65536


def test_ports_are_kept_and_only_a_taken_one_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "new" / "ports"
    first = ports.kept_ports(file, 3)
    assert ports.kept_ports(file, 3) == first
    with socket.create_server(("127.0.0.1", first[1])):
        second = ports.kept_ports(file, 3)
    assert [old == new for old, new in zip(first, second, strict=True)] == [True, False, True]
    assert len(set(second)) == 3
