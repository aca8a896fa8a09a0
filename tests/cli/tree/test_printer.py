import msgspec
import pytest
from msgspec import Struct

from cli.tree.printer import Column, Printer
from cli.tree.template import Template


class Job(Struct):
    job_id: str
    filename: str


COLUMNS = [Column[Job]("id", lambda job: job.job_id), Column[Job]("file", lambda job: job.filename, cut=True)]
JOBS = [Job("a1", "talk\n.mp4"), Job("b", "")]
DOCUMENTS = [msgspec.json.encode(job) for job in JOBS]


def test_a_pipe_gets_a_line_for_each_without_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert Printer().table(DOCUMENTS, Job, COLUMNS) == 2
    assert capsys.readouterr().out == "a1  talk\ufffd.mp4\nb\n"


def test_json_is_what_was_answered(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert Printer(json=True).table(DOCUMENTS, Job, COLUMNS) == 2
    assert capfdbinary.readouterr().out == b"".join(each + b"\n" for each in DOCUMENTS)


def test_a_template_makes_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(template=Template("<{job_id}>")).table(DOCUMENTS, Job, COLUMNS)
    assert capsys.readouterr().out == "<a1>\n<b>\n"


def test_a_terminal_gets_headings_and_lines_that_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    long = [msgspec.json.encode(Job("a" * 8, "x" * 40))]
    Printer().table(iter(long), Job, COLUMNS)
    heading, row = capsys.readouterr().out.splitlines()
    assert "id" in heading
    assert "a" * 8 in row
    assert "…" in row
    Printer().table(iter(long), Job, COLUMNS, before=1)
    assert capsys.readouterr().out.splitlines() == [row]
