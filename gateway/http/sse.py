"""Server-sent events, as the HTML standard writes them (9.2.5)."""

PING = b": ping\n\n"
"""A comment: keeps proxies from closing a silent connection."""


def retry(milliseconds: int) -> bytes:
    """Set the browser's wait before it connects again."""
    return b"retry: %d\n\n" % milliseconds


def message(type_: str, data: bytes, offset: int | None = None) -> bytes:
    """Write one event. `data` is JSON, so it holds no line break. Without an offset it has no id."""
    head = b"" if offset is None else b"id: %d\n" % offset
    return b"%bevent: %b\ndata: %b\n\n" % (head, type_.encode(), data)


def last_event_id(header: str | None) -> int | None:
    """Read Last-Event-ID. What is not an offset of ours counts as absent: an error would end the client."""
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 19:
        return None
    return int(header)
