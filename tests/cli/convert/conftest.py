from pathlib import Path

import pytest

from tests.cli.gateways import EMAIL, PASSWORD


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONEARM_EMAIL", EMAIL)
    monkeypatch.setenv("TONEARM_PASSWORD", PASSWORD)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(b"video" * 1000)
    return path
