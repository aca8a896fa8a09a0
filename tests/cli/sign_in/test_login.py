"""Which gateway is meant by what people type."""

import pytest

from cli.client.config import Config
from cli.sign_in.login import meant


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("tonearm.example.org", "https://tonearm.example.org"),
        ("localhost", "http://localhost"),
        ("LOCALHOST:8080", "http://LOCALHOST:8080"),
        ("127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("localhost.example.org", "https://localhost.example.org"),
        ("127.0.0.1.example.org:8080", "https://127.0.0.1.example.org:8080"),
    ],
)
def test_only_this_machine_is_asked_without_https_unless_told(typed: str, url: str) -> None:
    assert meant(typed, None, Config())[0] == url
