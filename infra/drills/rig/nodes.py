"""Three RabbitMQ nodes of one cluster on this machine: one name server, three names, ports of their own."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from infra.local.addresses import HOST
from infra.local.ports import free_port, is_open
from infra.local.process import Process
from infra.local.servers.rabbitmq import RabbitMQ, find

COUNT = 3
START_SECONDS = 120.0


class Node(RabbitMQ):
    """One node of several: its own name, the cluster's cookie and name server."""

    def __init__(self, directory: Path, number: int, epmd_port: int, password: str) -> None:
        directory.mkdir(parents=True, mode=0o700)
        (directory / "password").write_text(password)
        super().__init__(directory)
        self.node = f"node{number}@localhost"
        self._epmd_port = epmd_port

    async def start(self, timeout: float = START_SECONDS) -> None:
        """Start the node beside a name server that runs already."""
        server = find("rabbitmq-server")
        home = self._directory / "home"
        home.mkdir(exist_ok=True, mode=0o700)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(0o400)
            cookie.chmod(0o600)
            cookie.write_text("tonearmdrill")
            cookie.chmod(0o400)
        self._write("enabled_plugins", "[rabbitmq_stream].\n")
        self._write("rabbitmq.conf", self._configuration())
        self._process = Process(
            self.node,
            [str(server)],
            log=self._directory / "rabbitmq.jsonl",
            environment=self._environment(server),
            directory=self._directory,
        )
        await self._process.start()
        await self._process.ready(self._answers, timeout)

    async def control(self, *command: str) -> str:
        """Return rabbitmqctl's output for this node."""
        assert self._process is not None
        environment = self._environment(find("rabbitmq-server"))
        del environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]
        process = await asyncio.create_subprocess_exec(
            *(str(find(command[0])), *command[1:]),
            env={**environment, "RABBITMQ_CTL_ERL_ARGS": "-start_epmd false"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode()
        assert process.returncode == 0, f"{' '.join(command)}: {output}"
        return output

    def _environment(self, server: Path) -> dict[str, str]:
        single = super()._environment(server)
        arguments = single["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"].replace("tonearm@localhost", self.node)
        return {
            **single,
            "RABBITMQ_NODENAME": self.node,
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": arguments,
        }


class Cluster:
    """The nodes, and their name server."""

    def __init__(self, directory: Path) -> None:
        port = free_port()
        password = os.urandom(16).hex()
        self.nodes = [Node(directory / f"node{n}", n, port, password) for n in range(1, COUNT + 1)]
        self._epmd = Process(
            "epmd",
            [str(find("epmd")), "-address", HOST, "-port", str(port)],
            log=directory / "epmd.log",
            environment={},
        )
        self._port = port

    async def start(self) -> None:
        """Start all, and have the others join the first, empty."""
        await self._epmd.start()
        await self._epmd.ready(lambda: is_open(self._port), 10)
        await asyncio.gather(*(node.start() for node in self.nodes))
        first = self.nodes[0]
        for node in self.nodes[1:]:
            await node.control("rabbitmqctl", "stop_app")
            await node.control("rabbitmqctl", "reset")
            await node.control("rabbitmqctl", "join_cluster", first.node)
            await node.control("rabbitmqctl", "start_app")

    async def leader(self, queue: str) -> Node:
        """Return the node that leads a stream or quorum queue."""
        name = (await self._row(queue))["leader"]
        return next(node for node in self.nodes if node.node == name)

    async def replicas(self, queue: str) -> int:
        """Return how many of its members are up."""
        return len((await self._row(queue))["online"] or ())

    async def _row(self, queue: str) -> dict[str, Any]:
        running = next(node for node in self.nodes if node.process and node.process.pid)
        columns = ("name", "leader", "online")
        rows = json.loads(
            await running.control("rabbitmqctl", "list_queues", "--quiet", "--formatter", "json", *columns)
        )
        return next(dict(row) for row in rows if row["name"] == queue)

    async def stop(self) -> None:
        """End all."""
        await asyncio.gather(*(node.kill() for node in self.nodes))
        await self._epmd.kill()
