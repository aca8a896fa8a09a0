"""A private RabbitMQ node as an ordinary child process: own data, own ports, loopback only, no root.

An Erlang node needs epmd, a name server. It gets one of its own, on its own port, that ends with it, so it
never meets a system-wide RabbitMQ. User and password are generated on the first start and kept with the data,
because the broker stores them there.
"""

import os
import shutil
from pathlib import Path
from urllib.parse import quote

from infra.local.addresses import HOST
from infra.local.errors import NotInstalled
from infra.local.kept import kept_secret
from infra.local.ports import is_open, kept_ports
from infra.local.process import Process

USER = "tonearm"
CONSUMER_TIMEOUT = 24 * 3600 * 1000
"""Milliseconds a delivery may stay unacknowledged: longer than the longest conversion (default: 30 min)."""
PLACES = (
    "/usr/lib/rabbitmq/bin",  # Debian, Fedora: before PATH, because /usr/sbin has a wrapper that wants root
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
    "/opt/rabbitmq/sbin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
)


def find(program: str) -> Path:
    """Return where rabbitmq-server or epmd is; the folder RABBITMQ_BIN comes first. Raises NotInstalled."""
    chosen = [each for each in [os.environ.get("RABBITMQ_BIN")] if each]
    path = os.pathsep.join([*chosen, *PLACES, os.environ.get("PATH", os.defpath)])
    found = shutil.which(program, path=path)
    if found is None:
        raise NotInstalled(f"{program} is not installed; `./justw doctor` names the line that mends it")
    return Path(found)


class RabbitMQ:
    """One node. Its ports are kept with its data, and stay the same while nobody else has taken them."""

    name = "rabbitmq"

    def __init__(self, directory: Path, *, management: bool = False, log: Path | None = None) -> None:
        """With `management` it has the management API, and its metrics for Prometheus."""
        self._directory = directory.resolve()
        found = kept_ports(self._directory / "ports", 6)
        self.port, self.stream_port, self._epmd_port, self._distribution_port = found[:4]
        self.management_port = found[4] if management else None
        self.metrics_port = found[5] if management else None
        self._log = log or self._directory / "rabbitmq.jsonl"
        self._epmd: Process | None = None
        self._process: Process | None = None

    @property
    def password(self) -> str:
        """The password of the user `tonearm`, made on first use."""
        return kept_secret(self._directory / "password")

    @property
    def amqp_url(self) -> str:
        """The AMQP URL of the vhost `/`."""
        return self.amqp_url_of("/")

    @property
    def stream_url(self) -> str:
        """The stream protocol's URL of the vhost `/`."""
        return self.stream_url_of("/")

    def amqp_url_of(self, vhost: str) -> str:
        """Return the AMQP URL of a vhost."""
        return f"amqp://{USER}:{self.password}@{HOST}:{self.port}/{quote(vhost, safe='')}"

    def stream_url_of(self, vhost: str) -> str:
        """Return the stream protocol's URL of a vhost."""
        return f"rabbitmq-stream://{USER}:{self.password}@{HOST}:{self.stream_port}/{quote(vhost, safe='')}"

    @property
    def management_url(self) -> str:
        """The HTTP API's URL with user and password; only with `management`."""
        return f"http://{USER}:{self.password}@{HOST}:{self.management_port}/api"

    @property
    def process(self) -> Process | None:
        """The node's process once started."""
        return self._process

    async def start(self, timeout: float = 60.0) -> None:
        """Start the node; return once it takes AMQP and stream clients. Raises NotInstalled, NotReady."""
        server = find("rabbitmq-server")
        await self.kill()  # after a crash its epmd is still there
        (self._directory / "home").mkdir(parents=True, exist_ok=True, mode=0o700)
        more = ["rabbitmq_management", "rabbitmq_prometheus"] if self.management_port else []
        plugins = ["rabbitmq_stream", *more]
        self._write("enabled_plugins", f"[{','.join(plugins)}].\n")
        self._write("rabbitmq.conf", self._configuration())
        self._epmd = Process(
            "epmd",
            [str(find("epmd")), "-address", HOST, "-port", str(self._epmd_port)],
            log=self._directory / "epmd.log",
            environment={},
        )
        await self._epmd.start()
        await self._epmd.ready(lambda: is_open(self._epmd_port), timeout)
        self._process = Process(
            self.name,
            [str(server)],
            log=self._log,
            environment=self._environment(server),
            directory=self._directory,
        )
        await self._process.start()
        await self._process.ready(self._answers, timeout)

    async def ready(self) -> bool:
        """Return True if it accepts connections."""
        return await self._answers()

    async def stop(self, grace: float = 8.0) -> None:
        """Stop the node, its data safe."""
        if self._process:
            await self._process.stop(grace)
        if self._epmd:
            await self._epmd.kill()

    async def kill(self) -> None:
        """End the node like a power cut would."""
        if self._process:
            await self._process.kill()
        if self._epmd:
            await self._epmd.kill()

    async def restart(self) -> None:
        """Stop and start on the same ports and data."""
        await self.stop()
        await self.start()

    async def _answers(self) -> bool:
        ports = [self.port, self.stream_port, *([self.management_port] if self.management_port else [])]
        return all([await is_open(port) for port in ports])

    def _write(self, name: str, text: str) -> None:
        file = self._directory / name
        file.touch(0o600)
        file.write_text(text)

    def _configuration(self) -> str:
        settings: dict[str, str | int] = {
            "listeners.tcp.1": f"{HOST}:{self.port}",
            "stream.listeners.tcp.1": f"{HOST}:{self.stream_port}",
            "stream.advertised_host": HOST,
            "stream.advertised_port": self.stream_port,
            "default_user": USER,
            "default_pass": self.password,
            "consumer_timeout": CONSUMER_TIMEOUT,
            "vm_memory_high_watermark.absolute": "1GB",
            "disk_free_limit.absolute": "100MB",
            "log.console": "true",
            "log.console.level": "warning",
            "log.console.formatter": "json",
            "log.console.formatter.time_format": "rfc3339_T",
            "log.console.formatter.json.field_map": "time:timestamp level msg:event",
            "log.connection.level": "error",  # a client that goes away is no news
            "log.file": "false",
        }
        if self.management_port:
            settings |= {"management.tcp.ip": HOST, "management.tcp.port": self.management_port}
        if self.metrics_port:
            settings |= {"prometheus.tcp.ip": HOST, "prometheus.tcp.port": self.metrics_port}
        return "".join(f"{name} = {value}\n" for name, value in settings.items())

    def _environment(self, server: Path) -> dict[str, str]:
        here = self._directory
        return {
            "PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), str(server.parent)]),
            "LANG": "C.UTF-8",
            "HOME": str(here / "home"),  # the Erlang cookie is made here
            "RABBITMQ_NODENAME": f"{USER}@localhost",
            "RABBITMQ_MNESIA_BASE": str(here / "data"),
            "RABBITMQ_LOG_BASE": str(here / "log"),
            "RABBITMQ_SCHEMA_DIR": str(here / "schema"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(here / "generated"),
            "RABBITMQ_PID_FILE": str(here / "node.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(here / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(here / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(here / "advanced.config"),  # these two do not exist, so
            "RABBITMQ_CONF_ENV_FILE": str(here / "rabbitmq-env.conf"),  # the system's own are not read
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            # Named at once: RabbitMQ then skips a second Erlang machine that it starts only to find epmd.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-sname {USER}@localhost -start_epmd false -kernel inet_dist_use_interface {{127,0,0,1}}"
                f" -kernel inet_dist_listen_min {self._distribution_port}"
                f" -kernel inet_dist_listen_max {self._distribution_port} +S 2:2"
            ),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the node instead of staying its parent
        }
