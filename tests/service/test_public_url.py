"""PUBLIC_URL: the address that stands at the beginning of every link."""

import pytest

from service.public_url import public_url
from service.settings import InvalidSetting


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("https://tonearm.example.org/", "https://tonearm.example.org"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://töne.example.org:8443/für/alle/", "https://xn--tne-sna.example.org:8443/f%C3%BCr/alle"),
    ],
)
def test_it_is_in_ascii_and_ends_without_a_slash(setting: str, url: str) -> None:
    assert public_url(setting) == url


@pytest.mark.parametrize(
    "setting",
    [
        *(
            "tonearm.example.org",
            "ftp://a",
            "https://",
            "https:///path",
            "http://a:99999",
            "http://\u2488.example",
        ),
        *("https://user@a", "https://:hush@a", "https://a/?q=1", "https://a/#part", "javascript:alert(1)"),
    ],
)
def test_what_is_no_beginning_of_a_link_is_refused(setting: str) -> None:
    with pytest.raises(InvalidSetting, match="PUBLIC_URL"):
        public_url(setting)
