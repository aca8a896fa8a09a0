import stat
import subprocess
import sys
from pathlib import Path

import pytest

from auth.errors import KeyUnusable
from auth.keyfile import load_or_create

PRINT_KEY = """
import sys
from pathlib import Path
from auth.keyfile import load_or_create
sys.stdin.readline()
print(load_or_create(Path(sys.argv[1])).private_bytes_raw().hex())
"""


def test_the_key_is_made_once_for_its_owner_alone_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "key.pem"
    made = load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path).private_bytes_raw() == made.private_bytes_raw()
    assert [file.name for file in path.parent.iterdir()] == ["key.pem"]


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT_KEY, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    keys = {racer.communicate(timeout=60)[0] for racer in racers}
    assert len(keys) == 1
    assert keys.pop().strip() == load_or_create(path).private_bytes_raw().hex()


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_damaged_file_is_an_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(KeyUnusable, match=r"key\.pem"):
        load_or_create(path)
    assert path.read_bytes() == content
