"""What comes from outside and means nothing is refused before anything is done."""

from functools import partial

import msgspec
import pytest
from making import uploaded

from cli.errors import WrongArgument
from cli.exits import Exit
from cli.log.formats import template
from cli.log.log import line
from cli.main import main
from cli.system.servers import Servers
from events.envelope import encode
from events.log.stream import RawRecord
from service import mongodb
from service.settings import InvalidSetting


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("stream_url", "hello"),
        ("stream_url", "rabbitmq-stream://127.0.0.1:abc"),
        ("stream_url", "rabbitmq-stream://127.0.0.1:99999"),
        ("stream_url", "amqp://127.0.0.1:5672"),
        ("rabbitmq_url", "amqp:///x"),
        ("rabbitmq_management_url", "http://[::1"),
    ],
)
def test_a_url_that_is_none_is_named_and_not_shown(name, url):
    with pytest.raises(InvalidSetting, match=f"{name.upper()} is no URL") as caught:
        Servers(**{name: url}).need(name)
    assert url not in str(caught.value)


@pytest.mark.parametrize("url", ["hello", "mongodb://h:abc/x", "mongodb://h:99999", "http://h/x"])
async def test_a_database_url_that_is_none_is_named(url):
    with pytest.raises(InvalidSetting, match="MONGODB_URL is no URL"):
        async with Servers(mongodb_url=url).database():
            pass


@pytest.mark.parametrize("spec", [">99999999999999", ".99999", ">{offset}"])
def test_a_width_that_takes_all_memory_is_refused(spec):
    with pytest.raises(WrongArgument, match="width"):
        template(f"{{offset:{spec}}}")


def test_data_that_is_no_text_spoils_no_template_that_names_something_else():
    told = msgspec.structs.replace(uploaded("j1"), data=msgspec.Raw(b'{"filename":"\xff"}'))
    read = line(RawRecord(7, 0.0, encode(told)))

    assert template("{offset}")(read) == b"7"
    assert template("{data}")(read).decode() == '{"filename":"\ufffd"}'
    assert template("{data[filename]}|")(read) == b"|"


def test_servers_that_are_away_are_told_in_words(monkeypatch, capsys):
    """Each driver has its own way: numbers, classes, exceptions within exceptions."""
    monkeypatch.setenv("RABBITMQ_URL", "amqp://a:b@127.0.0.1:1/")
    monkeypatch.setenv("STREAM_URL", "rabbitmq-stream://a:b@127.0.0.1:1/")
    monkeypatch.setenv("MONGODB_URL", "mongodb://127.0.0.1:1/")
    monkeypatch.setattr(mongodb, "connect", partial(mongodb.connect, reach=0.5))
    monkeypatch.setenv("RABBITMQ_MANAGEMENT_URL", "http://a:b@127.0.0.1:1")
    main(["replay", "info"])
    shown = capsys.readouterr().out
    told = {line.partition(":")[0]: line.rpartition(": ")[2] for line in shown.splitlines() if line}
    assert dict.fromkeys(("log", "views", "queues"), "connection refused").items() <= told.items(), shown
    assert "Err" not in shown


def test_what_nobody_foresaw_is_told_from_a_difference(monkeypatch, capsys):
    def named(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr("cli.replay.show.named", named)
    monkeypatch.setattr("cli.replay.subcommand.configure_tool", lambda: None)

    assert main(["replay", "show"]) == Exit.UNEXPECTED == 70
    said = capsys.readouterr().err
    assert "by chance" in said
    assert "Traceback" not in said
