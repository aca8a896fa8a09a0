import asyncio
import os
import socket
import subprocess
import sys
import tempfile
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


def test_programs_that_start_servers_at_the_same_time_are_given_different_ports() -> None:
    ask = "from infra.local.ports import free_port\nfor _ in range(150): print(free_port())"
    asking = [
        subprocess.Popen([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    given = [port for each in asking for port in each.communicate()[0].split()]
    assert len(given) == len(set(given)) == 450


@pytest.mark.parametrize("text", ["", "no port", "31999", "99999"])
def test_whatever_the_last_port_was_the_next_one_lies_in_the_range(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"tonearm-port-{os.getuid()}").write_text(text)
    first = ports.free_port()
    assert first in ports.BELOW_EPHEMERAL
    assert ports.free_port() != first


def test_where_no_turn_can_be_kept_a_port_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert ports.free_port() in ports.BELOW_EPHEMERAL


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
