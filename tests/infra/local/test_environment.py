"""Each child of the local stack is given its own settings, and no other's secrets."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import fields

from auth.settings import AuthSettings
from gateway.settings import GatewaySettings
from infra.local.environment import OWN, of_program, of_service
from infra.local.servers.mongodb import MongoDB
from service.settings import Settings
from workers.converter.settings import ConverterSettings
from workers.notifier.settings import NotifierSettings

SETTINGS: Mapping[str, type[Settings]] = {
    "auth": AuthSettings,
    "gateway": GatewaySettings,
    "converter": ConverterSettings,
    "notifier": NotifierSettings,
}

SECRETS = {
    "SERVICE_TOKEN": {"auth", "gateway", "notifier"},
    "HANDOVER_SECRETS": {"gateway", "notifier"},
    "ADMIN_PASSWORD": {"auth"},
    "AUTH_KEY_PASSPHRASE": {"auth"},
    "AUTH_DIRECTORY_URL": {"auth"},
    "OIDC_CORP_CLIENT_SECRET": {"auth"},
    "SMTP_URL": {"notifier"},
    "RABBITMQ_URL": {"auth", "gateway", "converter", "notifier"},
    "RABBITMQ_MANAGEMENT_URL": {"gateway"},
    "MONGODB_URL": {"auth", "gateway", "converter", "notifier"},
    "STREAM_URL": {"gateway"},
    "OTEL_EXPORTER_OTLP_HEADERS": {"auth", "gateway", "converter", "notifier"},
    "AWS_SECRET_ACCESS_KEY": set(),
}
ENVIRON: Mapping[str, str] = {
    **{name: f"secret of {name}" for name in SECRETS},
    "PATH": "/bin",
    "LC_ALL": "C",
    "WORK_DIR": "/big",
}


def test_a_secret_reaches_only_the_services_that_need_it():
    given = {name: of_service(name, ENVIRON) for name in SETTINGS}
    reached = {secret: {name for name, each in given.items() if secret in each} for secret in SECRETS}
    assert reached == SECRETS
    assert given["converter"]["WORK_DIR"] == "/big"
    assert of_program(ENVIRON) == {"PATH": "/bin", "LC_ALL": "C"}


def test_every_setting_of_a_service_reaches_it():
    assert {name: {field.name.upper() for field in fields(each)} for name, each in SETTINGS.items()} == OWN


async def test_a_database_has_no_secret_of_a_service_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in SECRETS:
        monkeypatch.setenv(name, "canary-environment")
    server = MongoDB(tmp_path)
    await server.start()
    try:
        assert server.process
        assert b"canary-environment" not in Path(f"/proc/{server.process.pid}/environ").read_bytes()
    finally:
        await server.stop()
