"""One address cannot take the connections of all others, whatever it does with its own."""

import asyncio
from contextlib import AsyncExitStack
from ipaddress import ip_network

import pytest
from waiting import wait_for

from service.http.connections import Peer, Seen, Share, excess
from service.networks import SITE
from tests.service.http.serving import GET, answers, connect, served

MANY = 3000


@pytest.mark.parametrize("first_words", [b"", b"GET / HT", GET.replace(b"/", b"/long", 1)])
async def test_three_thousand_connections_of_one_address_leave_another_served(first_words: bytes) -> None:
    async with served(share=Share(of_address=64)) as port, AsyncExitStack() as stack:
        begun = []
        for _ in range(MANY):
            reader, writer = await connect(port, "127.0.0.2")
            stack.callback(writer.close)
            writer.write(first_words)
            begun.append(reader)
            if len(begun) % 500 == 0:
                assert await answers(port)
        assert await answers(port)
        await wait_for(lambda: sum(not each.at_eof() and not each.exception() for each in begun) <= 64, 20)
        assert await answers(port)


async def test_a_half_closed_client_gets_no_answer_as_the_documents_say() -> None:
    async with served() as port:
        reader, writer = await connect(port, "127.0.0.1")
        writer.write(GET.replace(b"/", b"/long", 1))  # a short answer may be out before the end is seen
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        assert await answers(port)


def silent(count: int, host: str = "192.0.2.1", since: float | None = 90.0) -> dict[Peer, Seen]:
    return {Peer(host, 1000 + each): Seen(since, 0) for each in range(count)}


def test_who_has_more_than_the_share_loses_silent_connections_and_the_longest_silence_first() -> None:
    seen = {
        Peer("192.0.2.1", 1): Seen(None, 0),
        Peer("192.0.2.1", 2): Seen(95.0, 0),
        Peer("192.0.2.1", 3): Seen(90.0, 0),
        Peer("192.0.2.2", 4): Seen(80.0, 0),
    }
    assert excess(seen, Share(of_address=2), 100, 100.0) == [Peer("192.0.2.1", 3)]
    assert excess(seen, Share(of_address=1), 100, 100.0) == [Peer("192.0.2.1", 2), Peer("192.0.2.1", 3)]


def test_when_all_have_too_many_it_is_taken_from_those_who_have_most() -> None:
    seen = silent(50, "192.0.2.1") | silent(40, "192.0.2.2") | silent(3, "192.0.2.3")
    gone = excess(seen, Share(of_address=100), 43, 100.0)
    left = [peer.host for peer in seen if peer not in gone]
    assert [left.count(f"192.0.2.{each}") for each in (1, 2, 3)] == [20, 20, 3]


def test_many_addresses_with_one_connection_each_leave_room_for_others() -> None:
    seen = {Peer(f"192.0.2.{each}", 1): Seen(float(each), 0) for each in range(100)}
    gone = excess(seen, Share(), 60, 100.0)
    # 25 for their silence, and then those that are silent for longest.
    assert {peer.host for peer in gone} == {f"192.0.2.{each}" for each in range(40)}


def test_a_large_ipv6_network_has_the_share_of_some_clients_and_each_of_its_own_has_a_part() -> None:
    strangers = {Peer(f"2001:db8:0:{each:x}::1", 1): Seen(99.0, 0) for each in range(1, 100)}
    assert len(excess(strangers, Share(of_address=2), 1000, 100.0)) == 99 - 2 * SITE
    greedy = {Peer("2001:db8::1", each): Seen(None, 0) for each in range(100)}
    neighbour = Peer("2001:db8:0:1::1", 1)
    assert neighbour not in excess(greedy | {neighbour: Seen(99.0, 0)}, Share(of_address=4), 1000, 100.0)


def test_a_trusted_proxy_has_no_share_but_its_silence_ends_too() -> None:
    share = Share(of_address=1, trusted=(ip_network("192.0.2.0/24"),), idle=30.0)
    assert excess(silent(50), share, 10, 100.0) == []
    assert len(excess(silent(50, since=60.0), share, 100, 100.0)) == 50
    assert excess(silent(50, since=None), share, 100, 100.0) == []


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("2001:db8::1", "2001:db8::2:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_an_address_is_a_customers_network_where_it_is_ipv6(one: str, other: str, shared: bool) -> None:
    seen = {Peer(one, 1): Seen(None, 0), Peer(other, 2): Seen(None, 0)}
    assert bool(excess(seen, Share(of_address=1), 100, 100.0)) is shared
