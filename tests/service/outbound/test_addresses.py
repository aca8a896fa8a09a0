"""Which addresses a stranger may send us to."""

from ipaddress import ip_address

import pytest

from service.outbound.addresses import Allowed, is_public, read

PRIVATE = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "carriers' NAT",
    "100.100.100.200": "metadata of Alibaba",
    "127.0.0.1": "this machine",
    "127.255.255.254": "this machine",
    "168.63.129.16": "Azure's services in a virtual network",
    "169.254.0.1": "link-local",
    "169.254.169.254": "metadata of most clouds",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "dummy address",
    "192.0.0.9": "port control anycast",
    "192.0.0.192": "metadata of Oracle",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.168.0.1": "private",
    "198.18.0.1": "benchmarks",
    "198.19.255.255": "benchmarks",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "this machine",
    "::127.0.0.1": "IPv4-compatible",
    "::8.8.8.8": "IPv4-compatible",
    "::ffff:127.0.0.1": "IPv4-mapped",
    "::ffff:8.8.8.8": "IPv4-mapped",
    "::ffff:0:127.0.0.1": "IPv4-translated",
    "64:ff9b::a9fe:a9fe": "NAT64",
    "64:ff9b::808:808": "NAT64",
    "64:ff9b:1::a9fe:a9fe": "NAT64 of a network's own",
    "100::1": "discard",
    "100:0:0:1::1": "dummy prefix",
    "2001::1": "Teredo",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
    "2001:1::1": "port control anycast",
    "2001:2::1": "benchmarks",
    "2001:10::1": "ORCHID",
    "2001:20::1": "ORCHIDv2",
    "2001:db8::1": "documentation",
    "2002:7f00:1::1": "6to4 of this machine",
    "2002:808:808::1": "6to4",
    "3fff::1": "documentation",
    "5f00::1": "segment routing",
    "fc00::1": "unique local",
    "fd00:ec2::254": "metadata of AWS",
    "fd20:ce::254": "metadata of Google",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local of a zone",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "ff0e::1": "multicast of the world",
}
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.0.1"]
PUBLIC_6 = ["2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2003::1"]


@pytest.mark.parametrize("address", PRIVATE, ids=lambda each: f"{each} {PRIVATE[each]}")
def test_an_address_that_is_not_everybodys_is_refused(address: str):
    assert not is_public(ip_address(address))
    assert not Allowed().takes(ip_address(address), 443)


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_6)
def test_a_public_address_is_taken_at_the_ports_of_the_web_only(address: str):
    allowed = Allowed()
    assert [port for port in (22, 25, 80, 443, 6379, 8080) if allowed.takes(ip_address(address), port)] == [
        80,
        443,
    ]


def test_an_allowed_network_is_taken_at_any_port_and_nothing_beside_it():
    allowed = read("10.1.0.0/16, 192.168.7.9,fd00:1::/32")
    takes = [
        each for each in ("10.1.2.3", "192.168.7.9", "fd00:1::5") if allowed.takes(ip_address(each), 9000)
    ]
    assert takes == ["10.1.2.3", "192.168.7.9", "fd00:1::5"]
    for other in ("10.2.0.1", "192.168.7.10", "fd00:2::1", "::ffff:10.1.2.3", "127.0.0.1"):
        assert not allowed.takes(ip_address(other), 443)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "localhost", "10.0.0.0/33", "10.0.0.0/8;127.0.0.1", "*"])
def test_a_list_that_means_nothing_is_an_error(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 - the text is Python's
        read(text)


def test_an_empty_list_allows_the_world_only():
    assert read("") == read(" , ") == Allowed()
