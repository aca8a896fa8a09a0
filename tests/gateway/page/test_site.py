"""A browser keeps each file for good: so the version in its address changes with whatever it gets there."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.http.assets import asset, assets_of
from gateway.page import site as room
from gateway.page.site import Site, site

again: Callable[[], Site] = site.__wrapped__


def other_sprite(icons: Any) -> bytes:
    return b"<svg/>"


def other_words(words: dict[str, str], files: Any) -> Any:
    return {name: asset(b"export default {};", "text/javascript") for name in words}


def other_names(folder: Any) -> Any:
    """Two files change their places."""
    found = assets_of(folder)
    one, other = "look/frame.css", "look/base.css"
    return found | {one: found[other], other: found[one]}


def another_shell(folder: Any) -> Any:
    found = assets_of(folder)
    shell = found["index.html"].content.replace(b"Videos in", b"Films in")
    return found | {"index.html": asset(shell, "text/html")}


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("_sprite", other_sprite),
        ("_divided", other_words),
        ("assets_of", other_names),
        ("assets_of", another_shell),
    ],
)
def test_the_version_is_another_as_soon_as_something_else_is_served(
    part: str, changed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert again().version == site().version
    monkeypatch.setattr(room, part, changed)
    assert again().version != site().version


def test_the_app_keeps_the_form_of_options_with_its_look_and_loads_it_after_the_first_paint() -> None:
    later = ["uploads/choice.js", "options/form.js", "options/form.css"]
    shell, worker = site().shell.content.decode(), site().worker.content.decode()
    kept = json.loads(worker.partition("=")[2].partition(";\n")[0])["files"]
    assert [name for name in later if name in shell] == []
    assert set(later) <= set(kept)
    assert len(kept) == len(set(kept))
