"""The files of the page, without their comments, under an address that names their version.

The version is a hash of them all as they are served, not as they lie: how they are made changes as well.
So a browser keeps each file for good, and a new version of the page never meets a file of the old one.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from posixpath import dirname, join, normpath
from string import Template

from msgspec import Struct

from gateway.http.assets import Asset, asset, assets_of

_SITE = Path(__file__).with_name("site")
_ICONS = "vendor/lucide/icons/"
_FIRST = ("main.js", "home.js", "entry/view.js")
"""Scripts that the first load begins with. What they import a browser fetches at once, not one by one."""
_SOON = ("uploads/choice.js",)
"""The files of the first place after its first paint: their words come with the first, the app keeps them."""
_STYLES = ("look/colours.css", "look/base.css", "look/frame.css")
"""Styles of the first load, before those that lie beside its scripts under the same name."""
_WORDS = "words/"
_MESSAGE = re.compile(r'^"([^"]+)": .*\n', re.MULTILINE)
_KEY = re.compile(r"""["`](\w+\.[\w.]+)""")
"""The key of a message where a script asks for it, or as much of it as is not computed."""
_UNREAD = re.compile(r"^ */\*.*?\*/ *\n|^ *//[^\n]*\n|^ +", re.MULTILINE | re.DOTALL)
"""Comments that have their lines for themselves, and indents: a quarter of what a browser would load."""
_AROUND = re.compile(r"\s*([{};,])\s*")
"""White space that says nothing in a style sheet. None of ours has such a text in quotes."""
_PICTURES = ("look/mark.svg", "look/icons.svg")
_WORKER, _MANIFEST = "app/service-worker.js", "app/manifest.webmanifest"
"""Served beside the shell: what a worker may do, and what an app is, goes by the address of the file."""
_IMPORT = re.compile(r"""^(?:import|(?:import|export)\b[^"';()]*\bfrom) *["'](\.[^"']+)["']""", re.MULTILINE)


class Site(Struct, frozen=True):
    """The shell with what stands beside it, and all files by their paths."""

    shell: Asset
    worker: Asset
    manifest: Asset
    files: dict[str, Asset]
    version: str


@cache
def site() -> Site:
    """Return the page, read once."""
    files = {name: _bare(name, each) for name, each in assets_of(_SITE).items()}
    words = sorted(name for name in files if name.startswith(_WORDS))
    files |= _divided({name: files[name].content.decode() for name in words}, files)
    sources = {name: files.pop(name).content.decode() for name in ("index.html", _WORKER, _MANIFEST)}
    icons = {name: files.pop(name) for name in list(files) if name.startswith(_ICONS)}
    files["look/icons.svg"] = asset(_sprite(icons), "image/svg+xml")
    served = files | _beside(sources, files, "")
    named = "".join(f"{name} {each.media_type} {each.etag}\n" for name, each in sorted(served.items()))
    version = sha256(named.encode()).hexdigest()[:12]
    beside = _beside(sources, files, version)
    return Site(
        shell=beside["index.html"],
        worker=beside[_WORKER],
        manifest=beside[_MANIFEST],
        files=files,
        version=version,
    )


def _beside(sources: dict[str, str], files: dict[str, Asset], version: str) -> dict[str, Asset]:
    """Return the shell and what stands beside it, made of `sources`, with the addresses of this version."""
    scripts, soon = first_load(files), _reached(_SOON, files)
    styles = [*_STYLES, *_looks(scripts, files)]
    words = sorted(name for name in files if name.startswith(_WORDS))
    address = f"./page/{version}"
    values = {
        "address": address,
        "languages": " ".join(Path(name).stem for name in words if "." not in Path(name).stem),
        "styles": "\n".join(f'<link rel="stylesheet" href="{address}/{name}">' for name in styles),
        "scripts": "\n".join(f'<link rel="modulepreload" href="{address}/{name}">' for name in scripts),
    }
    lasting = (*scripts, *styles, *soon, *_looks(soon, files), *words, *_PICTURES)
    kept = {"version": version, "files": list(dict.fromkeys(lasting))}
    worker = f"const SHELL = {json.dumps(kept)};\n{sources[_WORKER]}"
    shell, manifest = (Template(sources[name]).substitute(values) for name in ("index.html", _MANIFEST))
    return {
        "index.html": asset(shell.encode(), "text/html"),
        _WORKER: asset(worker.encode(), "text/javascript"),
        _MANIFEST: asset(manifest.encode(), "application/manifest+json"),
    }


def first_load(files: dict[str, Asset]) -> list[str]:
    """Return the scripts of the first load, with all that they import."""
    return _reached(_FIRST, files)


def _looks(scripts: list[str], files: dict[str, Asset]) -> list[str]:
    """Return the styles that lie beside these scripts."""
    return [look for name in scripts if (look := name.removesuffix(".js") + ".css") in files]


def _reached(begin: Iterable[str], files: dict[str, Asset]) -> list[str]:
    """Return scripts with all that they import."""
    found, waiting = dict[str, None](), list(begin)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            source = files[name].content.decode()
            waiting += [_resolved(name, each) for each in _IMPORT.findall(source)]
    return list(found)


def _bare(name: str, file: Asset) -> Asset:
    """Return a file of ours without what only its readers need; what others wrote stays as it is."""
    if name.startswith("vendor/") or not name.endswith((".js", ".css")):
        return file
    text = _UNREAD.sub("", file.content.decode())
    if name.endswith(".css"):
        text = _AROUND.sub(r"\1", text)
    return asset(text.encode(), file.media_type)


def _divided(words: dict[str, str], files: dict[str, Asset]) -> dict[str, Asset]:
    """Return each language in two files: what the first load and what comes soon ask for, and the others."""
    scripts = [files[name].content.decode() for name in _reached((*_FIRST, *_SOON), files)]
    asked = tuple({key for script in scripts for key in _KEY.findall(script)})
    divided = {}
    for name, source in words.items():
        at_first, later = "", ""
        for message in _MESSAGE.finditer(source):
            if message[1].startswith(asked):
                at_first += message[0]
            else:
                later += message[0]
        for path, lines in ((name, at_first), (name.replace(".js", ".later.js"), later)):
            divided[path] = asset(f"export default {{\n{lines}}};\n".encode(), "text/javascript")
    return divided


def _resolved(importer: str, path: str) -> str:
    return normpath(join(dirname(importer), path))


def _sprite(icons: dict[str, Asset]) -> bytes:
    """Return all icons as one file; each is a symbol with its name, to be shown by `<use>`."""
    symbols = []
    for name, icon in icons.items():
        inner = re.sub(r"\A.*?<svg[^>]*>|</svg>\s*\Z", "", icon.content.decode(), flags=re.DOTALL)
        symbols.append(f'<symbol id="{Path(name).stem}" viewBox="0 0 24 24">{inner.strip()}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'.encode()
