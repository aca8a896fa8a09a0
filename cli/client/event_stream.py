"""Reading server-sent events (HTML standard, 9.2.6). Pure: lines in, messages out."""

from collections.abc import Iterable, Iterator

from msgspec import Struct


class Message(Struct, frozen=True):
    """One event of the stream. `id` is the last one seen, for Last-Event-ID; empty before the first."""

    type: str
    data: str
    id: str = ""


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """Yield each message once its empty line has come; a message that breaks off is dropped."""
    type_, id_ = "", ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Message(type_ or "message", "\n".join(data), id_)
            type_, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                type_ = value
            case "data":
                data.append(value)
            case "id" if "\0" not in value:
                id_ = value
            case _:
                pass  # comments (empty field), retry, and what a later standard adds
