"""When a key signs and when it verifies, and where it lies."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs

from auth.errors import KeyUnusable
from auth.keys.keyfile import KeyFiles, load_or_create
from auth.keys.keyring import Keyring, signing_key
from events.types import LONGEST_TOKEN

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LEAD = timedelta(minutes=15)


def test_a_key_is_published_before_it_signs_and_until_its_last_token_has_expired() -> None:
    first = signing_key(Ed25519PrivateKey.generate())
    second = signing_key(Ed25519PrivateKey.generate(), NOW)
    ring, moment = Keyring([second, first], LEAD), timedelta(seconds=1)
    assert (ring.signing(NOW), list(ring.published(NOW))) == (first, [first, second])
    assert ring.signing(NOW + LEAD - moment) == first
    assert ring.signing(NOW + LEAD) == second
    last_token = NOW + LEAD + timedelta(seconds=LONGEST_TOKEN)
    assert list(ring.published(last_token)) == [first, second]
    assert list(ring.published(last_token + timedelta(seconds=61))) == [second]
    assert ring.max_age < LEAD.total_seconds()


def test_replicas_that_rotate_at_once_agree_on_the_key(tmp_path: Path) -> None:
    here, there = [KeyFiles(tmp_path / "key.pem", tmp_path / "keys") for _ in range(2)]
    assert here.read() == there.read() or [k.kid for k in here.read()] == [k.kid for k in there.read()]
    here.add(NOW)
    there.add(NOW)
    rings = [Keyring(files.read(), LEAD) for files in (here, there)]
    later = NOW + LEAD
    assert len(rings[0].published(later)) == 3
    assert rings[0].signing(later).kid == rings[1].signing(later).kid
    assert rings[0].signing(NOW).kid == rings[1].signing(NOW).kid
    here.remove_all_but([rings[0].signing(later)])
    assert len(list((tmp_path / "keys").iterdir())) == 1
    assert len(there.read()) == 2


def test_keys_are_encrypted_where_a_passphrase_is_given(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    files = KeyFiles(path, tmp_path / "keys", "open sesame")
    made = [files.read()[0], files.add(NOW)]
    for file in (path, *(tmp_path / "keys").iterdir()):
        assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = KeyFiles(path, tmp_path / "keys", "open sesame").read()
    assert [each.kid for each in again] == [each.kid for each in made]
    for wrong in ("", "open barley"):
        with pytest.raises(KeyUnusable, match="AUTH_KEY_PASSPHRASE"):
            KeyFiles(path, tmp_path / "keys", wrong).read()


def test_a_key_from_before_the_passphrase_still_opens_and_is_warned_of(tmp_path: Path) -> None:
    load_or_create(tmp_path / "key.pem")
    with capture_logs() as logs:
        KeyFiles(tmp_path / "key.pem", tmp_path / "keys", "open sesame").read()
    assert [line["event"] for line in logs] == ["signing_key_not_encrypted"]
