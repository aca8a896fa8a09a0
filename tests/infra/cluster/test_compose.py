"""compose.yaml, without a container engine: its schema, and what it promises."""

import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from test_policies import OPENTELEMETRY, SETTINGS

from infra.cluster.secrets import Wishes, made, write
from service.settings import load

INFRA = Path(__file__).parents[3] / "infra"
FILE = INFRA / "compose.yaml"
OURS = "tonearm/"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("secrets") / ".secrets"
    write(made(Wishes()), directory)
    return directory


def located(path: str, secrets: Path) -> Path:
    return secrets / path.removeprefix(".secrets/") if path.startswith(".secrets/") else INFRA / path


def variables(service: dict[str, Any], secrets: Path) -> dict[str, str]:
    lines = [line for path in service["env_file"] for line in located(path, secrets).read_text().splitlines()]
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return given | {
        name: "" if "$" in value else value for name, value in service.get("environment", {}).items()
    }


def test_it_is_a_compose_file():
    pytest.importorskip("check_jsonschema", reason="`just check-infra` installs it")
    check = Path(sys.executable).parent / "check-jsonschema"
    done = subprocess.run(
        [check, "--builtin-schema", "vendor.compose-spec", FILE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_setting_is_known_and_none_is_missing(compose, secrets):
    for name, settings in SETTINGS.items():
        given = variables(compose["services"][name], secrets)
        known = {field.name.upper() for field in msgspec.structs.fields(settings)}
        assert set(given) <= known | OPENTELEMETRY, name
        load(settings, given)


def test_no_client_may_name_another_address_where_no_proxy_stands(compose, secrets):
    assert load(SETTINGS["gateway"], variables(compose["services"]["gateway"], secrets)).trusted_proxies == ""


def test_every_file_is_there_once_the_secrets_are_made(compose, secrets):
    paths = [each["file"] for each in compose["secrets"].values()]
    for service in compose["services"].values():
        mounts = [volume.split(":")[0] for volume in service.get("volumes", [])]
        paths += [*service.get("env_file", []), *(mount for mount in mounts if mount.startswith("."))]
        named = {each if isinstance(each, str) else each["source"] for each in service.get("secrets", [])}
        assert named <= set(compose["secrets"])
        assert {mount for mount in mounts if not mount.startswith(".")} <= set(compose["volumes"])
    assert [path for path in paths if not located(path, secrets).exists()] == []


def test_secrets_are_reached_by_nobody_else_and_never_made_twice(secrets):
    assert secrets.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        write(made(Wishes()), secrets)
    ignored = subprocess.run(["git", "check-ignore", "-q", "infra/.secrets/x"], cwd=INFRA.parent, check=False)
    assert ignored.returncode == 0


def test_each_starts_after_what_it_needs_is_healthy(compose):
    services = compose["services"]
    order = {name: set(service.get("depends_on", {})) for name, service in services.items()}
    assert list(TopologicalSorter(order).static_order())
    for name in SETTINGS:
        assert {"mongodb", "rabbitmq"} <= order[name]
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":  # our image has its check from the Dockerfile
                assert services[needed]["image"].startswith(OURS) or "healthcheck" in services[needed]


def test_every_container_is_as_shut_in_as_a_pod(compose):
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name != "work":
            assert "cap_add" not in service, name
            assert service["mem_limit"], name
            assert service["image"].startswith(OURS) or service["user"].split(":")[0] != "0", name


def test_nothing_is_published_beyond_this_machine(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
