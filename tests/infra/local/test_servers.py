import asyncio
import contextlib
import itertools
import os
import signal
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pika
import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from waiting import wait_for

from infra.local.keeper import Keeper
from infra.local.leash import alive
from infra.local.ports import is_open
from infra.local.process import Process
from infra.local.servers import mongodb
from infra.local.servers.mail import MailCatcher
from infra.local.servers.mongodb import MongoDB
from infra.local.servers.rabbitmq import RabbitMQ


def processes_of(directory: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = folder.joinpath("cmdline").read_text() + folder.joinpath("environ").read_text()
            if str(directory) in line:
                found.append(folder.joinpath("cmdline").read_text().replace("\0", " "))
    return found


@pytest.mark.long
async def test_a_node_keeps_its_messages_over_a_restart_and_leaves_no_process(tmp_path: Path) -> None:
    node = RabbitMQ(tmp_path)
    await node.start()
    with pika.BlockingConnection(pika.URLParameters(node.amqp_url)) as connection:
        channel = connection.channel()
        channel.queue_declare("kept", durable=True)
        channel.confirm_delivery()
        channel.basic_publish("", "kept", b"me", pika.BasicProperties(delivery_mode=2))

    await node.restart()

    with pika.BlockingConnection(pika.URLParameters(node.amqp_url)) as connection:
        assert connection.channel().basic_get("kept")[2] == b"me"
    await node.stop()
    assert processes_of(tmp_path) == []
    assert not await is_open(node.port)


@pytest.mark.long
async def test_a_killed_node_comes_back_with_the_same_password_and_ports(private_rabbitmq: RabbitMQ) -> None:
    before = private_rabbitmq.amqp_url
    await private_rabbitmq.kill()
    assert not await is_open(private_rabbitmq.port)

    await private_rabbitmq.start()

    assert private_rabbitmq.amqp_url == before
    pika.BlockingConnection(pika.URLParameters(before)).close()


async def test_every_broker_is_an_empty_vhost(broker, rabbitmq: RabbitMQ) -> None:
    assert broker.url != rabbitmq.amqp_url
    with (
        pika.BlockingConnection(pika.URLParameters(broker.url)) as connection,
        pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"),
    ):
        connection.channel().exchange_declare("events", passive=True)


async def test_acknowledged_documents_survive_a_killed_mongodb(tmp_path: Path) -> None:
    server = MongoDB(tmp_path)
    try:
        await server.start()
        async with AsyncMongoClient(server.url) as client:
            await client.tonearm.things.insert_many([{"_id": number} for number in range(100)])
        await server.kill()
        await server.start()
        async with AsyncMongoClient(server.url) as client:
            assert await client.tonearm.things.count_documents({}) == 100
    finally:
        await server.kill()


@pytest.mark.long
async def test_the_mongodb_lets_nobody_in_without_its_password(tmp_path: Path) -> None:
    """Also over a restart, and data from before there was a password stay."""
    server = MongoDB(tmp_path)
    await server.start()
    await server.stop()
    server._with_user.unlink()  # as a crash leaves it, or an older version
    await server.start()
    try:
        where = f"127.0.0.1:{server.port}"
        for url in (
            f"mongodb://{where}/tonearm",
            f"mongodb://tonearm:wrong@{where}/tonearm?authSource=admin",
        ):
            async with AsyncMongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=5000) as stranger:
                with pytest.raises(PyMongoError, match="authentication"):
                    await stranger.tonearm.things.find_one()
                with pytest.raises(PyMongoError, match="authentication"):
                    await stranger.admin.command("createUser", "mallory", pwd="x", roles=["root"])
        async with AsyncMongoClient[dict[str, Any]](server.url) as ours:
            await ours.get_default_database().things.insert_one({"_id": 1})
            assert await ours.get_default_database().things.count_documents({}) == 1
        assert (tmp_path / "password").stat().st_mode & 0o777 == 0o600
        command = Path(f"/proc/{server.process.pid if server.process else 0}/cmdline").read_text()
        assert server.password not in command
    finally:
        await server.stop()


async def test_a_mongodb_that_stands_still_is_started_again_and_has_all_it_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongodb, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(mongodb, "SILENT_SECONDS", 10.0)  # while it works: a busy machine is not silent
    server = MongoDB(tmp_path, end_silent=True)
    keeper = Keeper(server, lambda keeper: None)
    acknowledged: set[str] = set()

    async def write(writer: int) -> None:
        async with AsyncMongoClient(server.url, retryWrites=False) as client:
            for number in itertools.count():
                document = f"{writer}-{number}"
                with contextlib.suppress(PyMongoError):
                    await client.tonearm.things.insert_one({"_id": document, "bytes": bytes(20_000)})
                    acknowledged.add(document)

    async def written(more: int) -> None:
        before = len(acknowledged)
        await wait_for(lambda: len(acknowledged) > before + more, message="documents are acknowledged")

    await keeper.start()
    tasks = [asyncio.create_task(keeper.keep()), *(asyncio.create_task(write(number)) for number in range(4))]
    try:
        await written(100)
        assert server.process
        assert server.process.pid
        os.killpg(server.process.pid, signal.SIGSTOP)
        monkeypatch.setattr(mongodb, "SILENT_SECONDS", 0.5)
        await wait_for(lambda: keeper.state().restarts, message="it is ended")
        monkeypatch.setattr(mongodb, "SILENT_SECONDS", 10.0)  # before its next start, half a second later
        await wait_for(lambda: keeper.phase == "ready", message="it is started again")
        await written(10)
        async with AsyncMongoClient(server.url) as client:
            before = set(acknowledged)
            kept = {document["_id"] async for document in client.tonearm.things.find({}, {"_id": True})}
        assert before <= kept
        assert keeper.state().restarts == 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.kill()


def send(catcher: MailCatcher, to: str) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Grüße", "tonearm@example.org", to
    mail.set_content("Your audio is ready.")
    with smtplib.SMTP("127.0.0.1", catcher.port) as smtp:
        smtp.send_message(mail)


async def test_a_mongodb_whose_storage_has_panicked_is_ended_to_be_started_again(tmp_path: Path) -> None:
    server = MongoDB(tmp_path, log=tmp_path / "log")
    await server.start()
    try:
        with (tmp_path / "log").open("a") as log:
            log.write("_wiredtiger.WiredTigerError: WT_PANIC: WiredTiger library panic\n")
        await wait_for(lambda: server.process and server.process.pid is None, message="it is ended")
    finally:
        await server.kill()


async def test_the_mail_catcher_keeps_a_mail_as_a_file(mail_catcher: MailCatcher) -> None:
    await asyncio.to_thread(send, mail_catcher, "someone@example.org")
    [mail] = mail_catcher.mails()
    assert b"X-Envelope-To: someone@example.org" in mail.read_bytes()
    assert b"Your audio is ready." in mail.read_bytes()


async def test_the_mail_catcher_refuses_the_addresses_made_for_it(mail_catcher: MailCatcher) -> None:
    answers = []
    for to in ["permfail@example.org", *["tempfail-2-x@example.org"] * 3]:
        try:
            await asyncio.to_thread(send, mail_catcher, to)
            answers.append(250)
        except smtplib.SMTPRecipientsRefused as refused:
            answers.append(refused.recipients[to][0])
    assert answers == [550, 451, 451, 250]
    assert len(mail_catcher.mails()) == 1


PARENT = """
import asyncio, pathlib, sys
from infra.local.process import Process
async def main():
    child = Process("child", ["sleep", "300"], log=pathlib.Path(sys.argv[1]) / "log")
    await child.start()
    (pathlib.Path(sys.argv[1]) / "pid").write_text(str(child.pid))
    await child.wait()
asyncio.run(main())
"""


async def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = Process("parent", [sys.executable, "-c", PARENT, str(tmp_path)], log=tmp_path / "parent.log")
    await parent.start()
    file = tmp_path / "pid"
    pid = int(await wait_for(lambda: file.exists() and file.read_text(), message="the child started"))
    assert alive(pid)

    assert parent.pid
    os.kill(parent.pid, signal.SIGKILL)

    await wait_for(lambda: not alive(pid), message="the child ended too")
    await parent.kill()
