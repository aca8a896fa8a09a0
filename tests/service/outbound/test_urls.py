"""URLs as strangers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.outbound.errors import BadURL
from service.outbound.urls import Target, literal, read


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a?b=c", "https://example.org/a?b=c"),
        ("HTTPS://Example.ORG", "https://example.org/"),
        ("http://example.org:80/x", "http://example.org/x"),
        ("https://example.org:8443/x", "https://example.org:8443/x"),
        ("https://example.org./x", "https://example.org/x"),
        ("https://example.org/x#part", "https://example.org/x"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://my_host.example/", "https://my_host.example/"),
        ("http://192.0.2.1/", "http://192.0.2.1/"),
        ("http://192.0.2.1./", "http://192.0.2.1/"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]/"),
    ],
)
def test_a_url_is_read(text: str, url: str):
    assert read(text).url == url
    assert read(url).url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "//example.org/",
        "https:example.org",
        "https:///path",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org/_x",
        "data:text/plain,x",
        "javascript:alert(1)",
        "unix:///run/docker.sock",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://example.org:443@127.0.0.1/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org/a b",
        "https://example.org/\r\nHost: x",
        "https://exa\tmple.org/",
        "https://example.org\x00.x/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org:-1/",
        "https://example.org:http/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.1.1/",
        "http://256.0.0.1/",
        "http://example.0x7f/",
        "http://1.2.3.4.5.6./",
        "http://①②⑦.0.0.1/",
        "http://１２７.0.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1%00.example.org/",
        "http://127.0.0.1../",
        "http://example..org/",
        "http://.example.org/",
        "http://-example.org/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1",
        "http://::1/",
        "http://[127.0.0.1]/",
        "http://[v1.x]/",
        "http://exa mple.org/",
        "http://exa<mple.org/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://xn--\ud800.example/",
        "http://example.org/\ud800",
        "https://example.org/" + "a" * 8192,
    ],
)
def test_what_is_no_usual_url_of_the_web_is_refused(text: str):
    with pytest.raises(BadURL):
        read(text)


@given(st.text(alphabet=st.sampled_from("htps:/[]@.%0x17f#?\\-_aé。１\ud800 "), max_size=30))
def test_any_text_is_a_target_that_reads_the_same_again_or_is_refused(text: str):
    try:
        target = read("http://" + text)
    except BadURL:
        return
    assert read(target.url) == target
    assert literal(target.host) is not None or not target.host.rpartition(".")[2].isdigit()


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "https://example.org/b"),
        ("b", "https://example.org/b"),
        ("//other.example/b", "https://other.example/b"),
        ("http://other.example:8080/b", "http://other.example:8080/b"),
    ],
)
def test_a_redirect_is_meant_from_where_it_was_given(location: str, url: str):
    assert Target(True, "example.org", 443, "/a").redirected(location).url == url


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://user@x/", "http://127.1/", "http://["])
def test_a_redirect_is_read_as_strictly(location: str):
    with pytest.raises(BadURL):
        Target(True, "example.org", 443, "/a").redirected(location)
