"""The search for secrets finds them: it is broken on purpose here, once for each."""

import time
from base64 import b64encode
from pathlib import Path

import canaries
import jwt
import pytest

from auth import opaque
from service.handover_keys import handover_keys

TOKEN = jwt.encode({"sub": "a", "exp": time.time()}, "a secret of thirty-two characters", "HS256")


@pytest.mark.parametrize(
    "secret",
    [
        "canary password 7c1e",
        "ann@example.com",
        "ann%40example.org",
        TOKEN,
        opaque.make(opaque.API_KEY),
        opaque.make(opaque.LETTER),
        opaque.make(opaque.REFRESH, opaque.make_family()),
        handover_keys(f"test:{'handover' * 4}").sign("link", bytes(27)),
        handover_keys(f"local:{'handover' * 4}").sign("feed", bytes(16)),
        f"test:{'handover' * 4}",
        f"whsec_{b64encode(bytes(range(24))).decode()}",
        f"Basic {b64encode(b'ann@example.com:x').decode()}",
    ],
    ids=[
        "password",
        "address",
        "quoted address",
        "token",
        "API key",
        "letter",
        "refresh token",
        "link",
        "feed",
        "secret of links",
        "secret of a webhook",
        "basic",
    ],
)
def test_a_secret_in_a_log_is_found_and_its_line_named(tmp_path: Path, secret: str) -> None:
    (tmp_path / "logs").mkdir()
    file = tmp_path / "logs/auth.jsonl"
    file.write_text(f'{{"event":"started"}}\n{{"event":"request","told":"{secret}"}}\n')
    before = list(canaries.found)
    try:
        assert canaries.look_through(tmp_path) == 1
        [told] = [each for each in canaries.found if each not in before]
    finally:
        canaries.found[:] = before
        file.unlink()
    assert told.startswith(f"{file}:2:")


def test_what_every_log_holds_is_none(tmp_path: Path) -> None:
    before = list(canaries.found)
    lines = [
        b'{"account_id":"0199a1b2-0000-7000-8000-0000000000aa","event":"sign_in"}',
        b'{"mail_from":"tonearm@example.org"}',
        b"node rabbit@localhost, tonearm_gateway_uploads_total 7, Authorization: Bearer",
    ]
    canaries.hear("a log", lines)
    assert canaries.found == before


def test_a_device_in_a_logs_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/auth.jsonl").symlink_to("/dev/null")  # and not /dev/full, which would never end
    assert canaries.look_through(tmp_path) == 0
