"""`--format TEMPLATE`: each command's help has an example of its own, and a slip is told."""

import re

import pytest

from cli.main import main


@pytest.mark.parametrize(
    ("words", "example"),
    [
        ("whoami", "{gateway} {url}"),
        ("usage", "{bytes_stored} {audio_seconds}"),
        ("keys list", "{key_id} {name}"),
        ("status", "{url} {folder}"),
        ("jobs list", "{job_id} {filename}"),
    ],
)
def test_the_example_in_the_help_has_fields_of_this_command(
    words: str, example: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words.split(), "--help"]) == 0
    assert example in re.sub(r"[\s│]+", " ", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("whoami --format {gatway}", "there is no {gatway}; did you mean gateway or way?"),
        ("jobs list --format {audoi[bytes]}", "there is no {audoi}; did you mean audio?"),
        ("imports cancel one --format {job_id}", "there is no {job_id}; there are import_id"),
    ],
)
def test_a_name_that_no_line_has_is_a_wrong_argument(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    assert said in capsys.readouterr().err
