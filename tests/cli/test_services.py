import subprocess
import sys

import pytest

from cli.exits import Exit
from cli.main import main


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("gateway", "GATEWAY_PORT"),
        ("auth", "AUTH_PORT"),
        ("converter", "CONVERTER_SLOTS"),
        ("notifier", "SMTP_URL"),
    ],
)
def test_the_help_of_a_service_names_its_variables(
    name: str, variable: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == Exit.OK
    assert f"\n  {variable} " in capsys.readouterr().out


def test_a_service_begins_and_takes_no_arguments(tmp_path) -> None:
    command = [sys.executable, "-m", "cli.main", "notifier"]
    environ = {"LOCAL_DIR": str(tmp_path), "RABBITMQ_URL": "amqp://127.0.0.1:1"}
    begun = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert begun.returncode == Exit.USAGE
    assert begun.stderr.startswith("notifier: setting: ")
    assert "MONGODB_URL" in begun.stderr
    given = subprocess.run([*command, "now"], env=environ, capture_output=True, text=True)
    assert given.returncode == Exit.USAGE
    assert "unexpected extra argument (now)" in given.stderr
