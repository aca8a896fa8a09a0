"""`config.toml`: the gateways that a person knows, by names, and the one that is meant where none is named.

People write in it, too, so what is changed leaves their lines and comments alone. It holds no secret.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from cli.client.own_files import locked, settings_folder, write_whole
from cli.errors import WrongArgument

LOCAL = "local"
"""The stack on this machine, which needs no entry."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Known(Struct, frozen=True):
    """A gateway that is known. Without an address somebody signs in there by an API key."""

    url: str
    email: str = ""


class Config(Struct, frozen=True):
    """The content of the file. `default` is empty where the stack on this machine is meant."""

    default: str = ""
    gateways: dict[str, Known] = field(default_factory=dict)

    def named(self, name: str) -> Known:
        """Return a gateway. Raises WrongArgument, with those that there are."""
        if name not in self.gateways:
            known = ", ".join([LOCAL, *self.gateways])
            raise WrongArgument(f"no gateway has the name {name!r} here, but: {known}")
        return self.gateways[name]

    def name_of(self, url: str) -> str:
        """Return the name of a gateway with this address; empty if none has it."""
        return next((name for name, each in self.gateways.items() if each.url.rstrip("/") == url), "")


class ConfigFile:
    """The file. What it cannot be understood as is never overwritten."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.path = settings_folder(environ) / "config.toml"

    def read(self) -> Config:
        """Read it; a file that is not there counts as empty. Raises WrongArgument, OSError."""
        try:
            return msgspec.convert(tomllib.loads(self._text()), Config)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise WrongArgument(f"{self.path}: {error}") from None

    def add(self, name: str, gateway: Known) -> None:
        """Keep a gateway under this name, as the one that is meant where none is named. Raises as `read`."""
        self._change(lambda document: _add(document, name, gateway))

    def choose(self, name: str) -> None:
        """Mean this gateway where none is named. Raises as `read`, and where there is none."""
        if name != LOCAL:
            self.read().named(name)
        self._change(lambda document: document.update(default=name))

    def remove(self, name: str) -> None:
        """Forget a gateway. Raises as `read`, and where there is none."""
        self.read().named(name)
        self._change(lambda document: _remove(document, name))

    def _change(self, change: Any) -> None:
        import tomlkit

        with locked(self.path):
            self.read()
            document = tomlkit.parse(self._text())
            change(document)
            text = tomlkit.dumps(document)
            # Dotted keys between others are a way to write TOML that the library does not change well.
            if msgspec.convert(tomllib.loads(text), Config) != msgspec.convert(document.unwrap(), Config):
                raise WrongArgument(f"{self.path}: change it by hand: a program would harm its lines")
            write_whole(self.path.resolve(), text.encode())  # dotfiles are often links

    def _text(self) -> str:
        try:
            return self.path.read_text("utf-8-sig")  # as some editors on Windows write it
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except UnicodeDecodeError:
            raise WrongArgument(f"{self.path}: this is not UTF-8") from None


def default_is(name: str, environ: Mapping[str, str]) -> str:
    """Return a sentence about a gateway that has become the default: the environment comes before it."""
    other = next((each for each in ("TONEARM_URL", "TONEARM_ON") if environ.get(each)), "")
    if other:
        return f"{other} is set here, and comes first; without it commands mean {name} from now on."
    return f"Commands mean {name} from now on; --on names another."


def checked_name(name: str) -> str:
    """Return the name if a gateway may have it. Raises ValueError."""
    if not _NAME.fullmatch(name) or name == LOCAL:
        raise ValueError(f"takes letters, digits, dots and hyphens, and not {LOCAL!r}, not {name!r}")
    return name


def _add(document: Any, name: str, gateway: Known) -> None:
    import tomlkit
    from tomlkit.items import InlineTable

    if "gateways" not in document:
        document["gateways"] = tomlkit.table(is_super_table=True)
    known = document["gateways"]
    if name not in known:
        in_a_line = any(isinstance(each, InlineTable) for each in (known, *known.values()))
        known[name] = tomlkit.inline_table() if in_a_line else tomlkit.table()
    entry = known[name]
    entry.update({"url": gateway.url})
    if gateway.email:
        entry.update({"email": gateway.email})
    else:
        entry.pop("email", None)
    document["default"] = name


def _remove(document: Any, name: str) -> None:
    del document["gateways"][name]
    if document.get("default") == name:
        del document["default"]
