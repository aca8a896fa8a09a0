import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from auth.errors import KeyUnusable
from auth.keys.keyfile import load_or_create


def test_the_key_is_made_once_for_its_owner_alone_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "key.pem"
    made = load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path).private_bytes_raw() == made.private_bytes_raw()
    assert [file.name for file in path.parent.iterdir()] == ["key.pem"]


def test_those_who_start_at_once_share_one_key(tmp_path: Path) -> None:
    racers = 8
    with ThreadPoolExecutor(racers) as pool:
        for round_ in range(30):
            path, gun = tmp_path / f"{round_}" / "key.pem", Barrier(racers)

            def race(path: Path = path, gun: Barrier = gun) -> bytes:
                gun.wait(10)
                return load_or_create(path).private_bytes_raw()

            keys = {racer.result() for racer in [pool.submit(race) for _ in range(racers)]}
            assert keys == {load_or_create(path).private_bytes_raw()}
            assert [file.name for file in path.parent.iterdir()] == ["key.pem"]


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(KeyUnusable, match=r"key\.pem"):
        load_or_create(path)
    assert path.read_bytes() == content
