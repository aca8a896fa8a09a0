import socket
from pathlib import Path

import pytest

from infra.local import ports
from infra.local.doctor import Finding, examine
from infra.local.errors import NotInstalled
from infra.local.servers import install, rabbitmq
from infra.local.settings import LocalSettings


def settings(directory: Path, **others: str | int) -> LocalSettings:
    chosen = {"gateway_port": ports.free_port(), "auth_port": ports.free_port(), **others}
    return LocalSettings(local_dir=str(directory), **chosen)


def looked_at(settings: LocalSettings) -> list[Finding]:
    return list(examine(settings, disk=0, memory=0))  # whether there is much of them is not ours to promise


def test_a_machine_that_runs_the_tests_is_healthy(tmp_path: Path) -> None:
    assert [finding for finding in looked_at(settings(tmp_path)) if not finding.ok] == []


def test_a_missing_broker_is_told_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    [missing] = [finding for finding in looked_at(settings(tmp_path)) if not finding.ok]
    assert missing.what == "rabbitmq"
    assert missing.mend == install.advice()
    with pytest.raises(NotInstalled, match="no package manager"):
        install.ensure_installed(settings(tmp_path), print)


def test_a_broker_elsewhere_needs_none_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rabbitmq, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    elsewhere = settings(tmp_path, rabbitmq_url="amqp://a:b@c:1/", stream_url="rabbitmq-stream://a:b@c:2/")
    assert all(finding.ok for finding in looked_at(elsewhere))
    install.ensure_installed(elsewhere, print)


def test_a_taken_port_is_told_with_a_free_one(tmp_path: Path) -> None:
    port = ports.free_port()
    with socket.create_server(("127.0.0.1", port)):
        [taken] = [finding for finding in looked_at(settings(tmp_path, auth_port=port)) if not finding.ok]
    assert str(port) in taken.found
    assert taken.mend.startswith("export AUTH_PORT=")


def test_too_little_room_is_told(tmp_path: Path) -> None:
    findings = examine(settings(tmp_path), disk=2**80, memory=2**80)
    bad = [finding for finding in findings if not finding.ok]
    assert [finding.what for finding in bad] == ["disk", "memory"]
    assert all(" GB" in finding.found and " GB, or" in finding.mend for finding in bad)  # as `status` counts


def test_an_address_that_is_not_ours_is_not_called_taken(tmp_path: Path) -> None:
    [bad] = [finding for finding in looked_at(settings(tmp_path, gateway_host="192.0.2.1")) if not finding.ok]
    assert bad.found.endswith("Cannot assign requested address")
    assert bad.mend.startswith("export GATEWAY_HOST=127.0.0.1 GATEWAY_PORT=")


def test_a_directory_that_cannot_be_one_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bad = [finding for finding in looked_at(settings(tmp_path / "file")) if not finding.ok]
    assert [finding.what for finding in bad] == ["directory"]
