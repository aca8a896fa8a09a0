import asyncio
from pathlib import Path

import pytest

from infra.local import install, ports, rabbitmq
from infra.local.doctor import examine
from infra.local.errors import NotInstalled
from infra.local.settings import LocalSettings


def settings(directory: Path, **others: str | int) -> LocalSettings:
    chosen = {"gateway_port": ports.free_port(), "auth_port": ports.free_port(), **others}
    return LocalSettings(local_dir=str(directory), **chosen)


def test_a_machine_that_runs_the_tests_is_healthy(tmp_path: Path) -> None:
    assert [finding for finding in examine(settings(tmp_path)) if not finding.ok] == []


def test_a_missing_broker_is_told_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    [missing] = [finding for finding in examine(settings(tmp_path)) if not finding.ok]
    assert missing.what == "rabbitmq"
    assert missing.mend == install.advice()
    with pytest.raises(NotInstalled, match="no package manager"):
        install.ensure_installed(settings(tmp_path), print)


def test_a_broker_elsewhere_needs_none_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    elsewhere = settings(tmp_path, rabbitmq_url="amqp://a:b@c:1/", stream_url="rabbitmq-stream://a:b@c:2/")
    assert all(finding.ok for finding in examine(elsewhere))
    install.ensure_installed(elsewhere, print)


async def test_a_taken_port_is_told_with_a_free_one(tmp_path: Path) -> None:
    port = ports.free_port()
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", port):
        [taken] = [finding for finding in examine(settings(tmp_path, auth_port=port)) if not finding.ok]
    assert str(port) in taken.found
    assert taken.mend.startswith("export AUTH_PORT=")
