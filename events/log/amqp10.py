"""The body of a message as a stream keeps it: AMQP 1.0 sections, of which we need one.

A full decoder reads every section into objects and runs at a third of the speed; events need just the
bytes of the `data` section (OASIS AMQP 1.0, part 3, 3.2.6), so the others are stepped over by their sizes.
"""

from events.errors import InvalidEvent

_DATA = 0x75
_SMALL_WIDTH = {0xA0, 0xC0, 0xC1, 0xE0}  # one byte of size: vbin8, list8, map8, array8
_LARGE_WIDTH = {0xB0, 0xD0, 0xD1, 0xF0}  # four bytes of size: vbin32, list32, map32, array32
_EMPTY_LIST = 0x45


def data_section(message: bytes) -> bytes:
    """Return the bytes of the first `data` section. Raises InvalidEvent when there is none."""
    # A stream client's message begins with it; one through an exchange has two sections before it.
    if message[:3] == b"\x00\x53\x75":
        return _binary(message, 3)
    at, end = 0, len(message)
    try:
        while at < end:
            if message[at] != 0x00 or message[at + 1] != 0x53:
                break
            section, constructor, at = message[at + 2], message[at + 3], at + 3
            if section == _DATA:
                return _binary(message, at)
            if constructor in _SMALL_WIDTH:
                at += 2 + message[at + 1]
            elif constructor in _LARGE_WIDTH:
                at += 5 + int.from_bytes(message[at + 1 : at + 5], "big")
            elif constructor == _EMPTY_LIST:
                at += 1
            else:
                break
    except IndexError:
        pass
    raise InvalidEvent("the message has no AMQP data section")


def _binary(message: bytes, at: int) -> bytes:
    if message[at] == 0xA0:
        begin, size = at + 2, message[at + 1]
    elif message[at] == 0xB0:
        begin, size = at + 5, int.from_bytes(message[at + 1 : at + 5], "big")
    else:
        raise InvalidEvent("the data section is not binary")
    if begin + size > len(message):
        raise InvalidEvent("the data section is cut short")
    return message[begin : begin + size]
