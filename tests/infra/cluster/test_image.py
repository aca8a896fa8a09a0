"""The images, built by buildah in a chroot on a base of debootstrap's, and run from their own root.

Slow, and wants root: `just check-image` runs it. What runs here is no container, and the nearest to one that
needs no engine: the image's root, read-only, as the image's user, without a capability, `no_new_privs` set.
"""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from waiting import wait_for

from infra.local.ports import free_port
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import RabbitMQ

pytestmark = [
    pytest.mark.skipif(not os.environ.get("CHECK_IMAGE"), reason="slow; `just check-image` runs it"),
    pytest.mark.servers,
    pytest.mark.timeout(1200),
]
ROOT = Path(__file__).parents[3]
BASE = "docker.io/library/debian:trixie-slim"
AUTHORITIES = Path("/usr/local/share/ca-certificates")
INSIDE = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount -t tmpfs -o mode=1777 tmpfs "$1/tmp" &&
mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" && root=$1 && shift &&
exec chroot "$root" setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs env -i -C /tmp PATH=/opt/tonearm/bin:/usr/bin "$@"
"""


class Store:
    """Images in a folder of the test's own."""

    def __init__(self, directory: Path) -> None:
        where = (f"--root={directory}/root", f"--runroot={directory}/run", "--storage-driver=vfs")
        self._buildah = ["buildah", *where]

    def __call__(self, *words: object) -> str:
        done = subprocess.run([*self._buildah, *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    @cache  # noqa: B019 - there is one store
    def root(self, image: str) -> Path:
        return Path(self("mount", self("from", "--pull-never", f"localhost/{image}:0.1.0")))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Both images. CHECK_IMAGE is a folder; what was built there is used again."""
    store = Store(Path(os.environ["CHECK_IMAGE"]))
    built = store("images", "--format={{.Name}}")
    if BASE.removesuffix(":trixie-slim") not in built:
        make_base(store, tmp_path_factory.mktemp("base"))
    for target in ("service", "converter"):
        if f"localhost/tonearm/{target}" not in built:
            options = ("--isolation=chroot", "--format=docker", "--pull-never", f"--target={target}")
            store("bud", *options, "-f", ROOT / "infra/Dockerfile", "-t", f"tonearm/{target}:0.1.0", ROOT)
    return store


def make_base(store: Store, directory: Path) -> None:
    """What `debian:trixie-slim` is, as far as the Dockerfile can tell; it trusts whom this machine trusts."""
    command = ["debootstrap", "--variant=minbase", "trixie", directory, "http://deb.debian.org/debian"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(AUTHORITIES, directory / AUTHORITIES.relative_to("/"), dirs_exist_ok=True)
    container = store("from", "scratch")
    store("add", container, directory, "/")
    store("commit", container, BASE)


def inside(root: Path, *command: str, **environment: str) -> list[str]:
    variables = [f"{name}={value}" for name, value in environment.items()]
    return ["unshare", "--mount", "sh", "-euc", INSIDE, "sh", str(root), *variables, *command]


def run(root: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        inside(root, *command, **environment), capture_output=True, text=True, check=False, timeout=60
    )


def test_an_image_says_what_it_is_and_runs_as_nobody(store):
    for target in ("service", "converter"):
        config = json.loads(store("inspect", "--type=image", f"tonearm/{target}:0.1.0"))["Docker"]["config"]
        assert config["User"] == "10001:10001"
        assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"
        assert config["Healthcheck"]["Test"][-1] == "service.probe"
        print(target, json.loads(store("images", "--json", f"tonearm/{target}:0.1.0"))[0]["size"])


def test_every_command_answers_help(store):
    for target, module in (
        ("service", "gateway"),
        ("service", "auth"),
        ("service", "workers.notifier"),
        ("service", "cli.main"),
        ("converter", "workers.converter"),
    ):
        done = run(store.root(f"tonearm/{target}"), "python", "-m", module, "--help")
        assert done.returncode == 0, done.stderr
    assert run(store.root("tonearm/service"), "python", "-c", "import imageio_ffmpeg").returncode != 0


def test_the_list_of_what_is_inside_is_inside(store):
    listed = json.loads((store.root("tonearm/service") / "usr/share/tonearm/sbom.cdx.json").read_text())
    versions = {each["name"]: each["version"] for each in listed["components"]}
    locked = (ROOT / "requirements.lock").read_text()
    assert f"pymongo=={versions['pymongo']} " in locked
    assert {"granian", "pika", "rstream", "litestar"} <= versions.keys()
    assert not {"pytest", "secantusdb", "uv"} & versions.keys()


def test_the_cage_stands_whole_without_any_privilege(store):
    code = (
        "import asyncio, msgspec\n"
        "from workers.converter.cage.cage import keeper_of\n"
        "from workers.converter.ffmpeg.engine import find_engine\n"
        "async def main():\n"
        "    engine = await find_engine('')\n"
        "    cage = await keeper_of(engine.path).cage()\n"
        "    print(cage, cage.whole)\n"
        "asyncio.run(main())"
    )
    done = run(store.root("tonearm/converter"), "python", "-c", code)
    assert done.stdout.strip().endswith("True"), done


async def test_each_service_gets_ready_in_it_and_stops_when_told(
    store: Store, rabbitmq: RabbitMQ, mongodb: MongoDB
):
    ports = {name: str(free_port()) for name in ("AUTH_PORT", "GATEWAY_PORT", "converter", "notifier")}
    common = {"RABBITMQ_URL": rabbitmq.amqp_url, "MONGODB_URL": mongodb.url}
    auth_url = f"http://127.0.0.1:{ports['AUTH_PORT']}"
    services = {
        "auth": {"AUTH_PORT": ports["AUTH_PORT"], "AUTH_KEY_FILE": "/tmp/key.pem", "SERVICE_TOKEN": "t"},  # noqa: S108 - the root's own
        "gateway": {
            "GATEWAY_PORT": ports["GATEWAY_PORT"],
            "STREAM_URL": rabbitmq.stream_url,
            "AUTH_URL": auth_url,
        },
        "workers.converter": {"HEALTH_PORT": ports["converter"], "WORK_DIR": "/tmp/work"},  # noqa: S108
        "workers.notifier": {
            "HEALTH_PORT": ports["notifier"],
            "SMTP_URL": "smtp://127.0.0.1:1",
            "SERVICE_TOKEN": "t",
            "AUTH_URL": auth_url,
        },
    }
    for module, environment in services.items():
        root = store.root("tonearm/converter" if "converter" in module else "tonearm/service")
        process = subprocess.Popen(  # noqa: ASYNC220 - it takes no time
            inside(root, "python", "-m", module, **common, **environment), stdout=subprocess.PIPE, text=True
        )
        try:
            await wait_for(
                lambda: run(root, "python", "-m", "service.probe", **environment).returncode == 0,  # noqa: B023
                timeout=60,
            )
            process.terminate()
            said, _ = process.communicate(timeout=15)
            assert process.returncode == 0, said
        finally:
            process.kill()
