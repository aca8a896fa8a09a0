"""The media type of a file, as its sender gives it. Pure."""

import re

ANY = "application/octet-stream"
_LONGEST = 100
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = r"""(?:[!#$%&'*+.^_`|~0-9A-Za-z,-]+|"(?:[ !#-\[\]-~]|\\[ -~])*")"""
_FORM = re.compile(rf"{_NAME}/{_NAME}(?: *;(?: *{_NAME}={_VALUE})?)*")
"""RFC 9110, 8.3.1, in printable ASCII: what a sender makes up is in the log for good. Browsers' recorders
put no quotes around several codecs.
"""


def media_type(told: str | None) -> str:
    """Return what was given where it is a media type of 100 characters at most; else that of any bytes."""
    text = (told or "").strip(" ")[: _LONGEST + 1]
    return text if len(text) <= _LONGEST and _FORM.fullmatch(text) else ANY
