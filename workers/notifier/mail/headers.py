"""Headers whose text is not all ASCII, as encoded words of RFC 2047.

The folding of `email.policy` loses blanks between encoded words, and makes words longer than the 75
characters that are allowed. `email.header.Header` does neither, so these headers fold themselves by it,
whatever policy they are written with. They are ASCII then, also for a server that takes UTF-8.
"""

from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UniqueAddressHeader, UniqueUnstructuredHeader
from email.policy import SMTP, Policy
from typing import Any, cast

LONGEST_LINE = 78
"""Characters, of the limit that RFC 5322, 2.1.1, recommends."""
_LINE = 74
"""Characters that make `Header` write words of at most 75."""


class Subject(UniqueUnstructuredHeader):
    """A subject of any characters."""

    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Take the text as it is, also where it looks like an encoded word."""
        super().parse(value, kwds)
        kwds["decoded"] = value

    def fold(self, *, policy: Policy) -> str:
        """Return the header with its line ends: as it is if it is short and ASCII, else as encoded words."""
        plain = f"{self.name}: {self}"
        is_plain = plain.isascii() and "=?" not in plain and len(plain) <= LONGEST_LINE
        words = plain if is_plain else f"{self.name}: {_encoded(str(self), self.name, policy)}"
        return words + policy.linesep


class From(UniqueAddressHeader):
    """One sender, whose name may have any characters."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        """Return the header with its line ends; only a name is encoded, as the address is ASCII."""
        sender = self.addresses[0]
        if sender.display_name.isascii() and len(str(self)) + len(self.name) + 2 <= LONGEST_LINE:
            return f"{self.name}: {self}{policy.linesep}"
        name = _encoded(sender.display_name, self.name, policy)
        return f"{self.name}: {name}{policy.linesep} <{sender.addr_spec}>{policy.linesep}"


class Url(UniqueUnstructuredHeader):
    """A URL of ASCII in angle brackets (RFC 2369), in one line: it has no place where it may be folded."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        """Return the header with its line end."""
        return f"{self.name}: {self}{policy.linesep}"


def _encoded(text: str, name: str, policy: Policy) -> str:
    return Header(text, "utf-8", header_name=name, maxlinelen=_LINE).encode(linesep=policy.linesep)


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", cast("type[BaseHeader]", Subject))
    registry.map_to_type("from", cast("type[BaseHeader]", From))
    registry.map_to_type("list-unsubscribe", cast("type[BaseHeader]", Url))
    return registry


POLICY = SMTP.clone(header_factory=_registry())
"""The policy of mails whose headers survive."""
