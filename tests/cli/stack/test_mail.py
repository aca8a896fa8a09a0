import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.exits import Exit
from cli.main import main
from tests.cli.json_lines import check

ROOT = Path(__file__).parents[3]

MAIL = """\
X-Envelope-To: ada@example.net
From: tonearm@example.org
To: ada@example.net
Subject: =?utf-8?q?Fertig=3A_Gr=C3=BC=C3=9Fe=2Emp4_{number}?=
Date: Sat, 01 Mar 2025 12:00:0{number} +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Text =C3=BC {number}=1B[31m
--b
Content-Type: text/html; charset=utf-8

<p>Markup {number}</p>
--b--
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    (tmp_path / "mail").mkdir()
    return tmp_path / "mail"


def keep(folder: Path, number: int) -> None:
    unfinished = folder / f".{number:020}-000001.eml"
    unfinished.write_bytes(MAIL.format(number=number).replace("\n", "\r\n").encode())
    unfinished.rename(folder / unfinished.name[1:])


def test_mails_are_shown_as_people_read_them_the_newest_last(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (2, 1):
        keep(folder, number)
    assert main(["mail"]) == 0
    shown = capsys.readouterr().out
    for line in (
        "Date: Sat, 01 Mar 2025 12:00:01 +0000",
        "To: ada@example.net",
        "Subject: Fertig: Grüße.mp4 1",
    ):
        assert line in shown.splitlines()
    assert shown.index("Text ü 1") < shown.index("Text ü 2")
    assert "Markup" not in shown
    assert "\x1b" not in shown


def test_only_the_last_ones_are_shown_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 2, 3):
        keep(folder, number)
    assert main(["mail", "-n", "2"]) == 0
    shown = capsys.readouterr().out
    assert "Text ü 1" not in shown
    assert "Text ü 2" in shown


def test_the_last_ten_are_shown_and_all_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(12):
        keep(folder, number)
    assert main(["mail"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("Subject:") == 10
    assert "Text ü 11" in shown
    assert main(["mail", "-n", "all"]) == 0
    assert capsys.readouterr().out.count("Subject:") == 12


def test_raw_is_what_came_over_the_wire(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    keep(folder, 1)
    assert main(["mail", "--raw"]) == 0
    assert MAIL.format(number=1).replace("\n", "\r\n").encode() in capfdbinary.readouterr().out


def test_no_mail_is_said_and_no_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mail"]) == 0
    assert "no mail" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--format", "{text}"]])
def test_following_shows_mails_as_they_come(folder: Path, words: list[str]) -> None:
    keep(folder, 1)
    keep(folder, 2)
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "mail", "-n", "1", "--follow", *words],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if name != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        for number in (2, 3, 4):
            for line in process.stdout:
                assert "Text ü 1" not in line
                if f"Text ü {number}" in line:
                    break
            keep(folder, number + 1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == Exit.INTERRUPTED
    finally:
        process.kill()
        process.communicate()


def test_programs_read_mails_as_json_or_by_a_template(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(folder, 1)
    assert main(["mail", "--json"]) == 0
    out = capsys.readouterr().out
    check(["mail"], out)
    assert json.loads(out) == {
        "date": "Sat, 01 Mar 2025 12:00:01 +0000",
        "to": "ada@example.net",
        "subject": "Fertig: Grüße.mp4 1",
        "text": "Text ü 1\x1b[31m",
    }
    assert main(["mail", "--format", "{to}: {text}"]) == 0
    assert capsys.readouterr().out == "ada@example.net: Text ü 1\ufffd[31m\n"
    assert main(["mail", "--raw", "--json"]) == Exit.USAGE
