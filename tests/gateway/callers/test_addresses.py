"""The address that counts as the client's, and the proxies that may name it."""

import pytest

from gateway.callers.addresses import client_address, networks

PROXIES = networks("10.0.0.0/8, ::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        ("10.0.0.1", ["1.2.3.4", "198.51.100.7"], "198.51.100.7"),
        ("::1", ["2001:db8::1"], "2001:db8::1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7:50123"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::1]:50123, 10.0.0.2:443"], "2001:db8::1"),
        ("10.0.0.1", ["198.51.100.7, "], "10.0.0.1"),
        ("", ["198.51.100.7"], ""),
    ],
)
def test_only_a_trusted_proxy_may_name_another_address(peer: str, forwarded: list[str], address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address
    assert client_address(peer, forwarded, ()) == peer


def test_a_proxy_is_trusted_on_a_socket_of_both_families_too() -> None:
    assert client_address("::ffff:10.0.0.1", ["198.51.100.7"], PROXIES) == "198.51.100.7"
