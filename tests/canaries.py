"""What no log may tell, looked for in all that the suite's services have logged and published.

Passwords of the tests hold the word "canary", and so may anything else that has to stay secret. Addresses are
known by the domains that nobody has (RFC 2606), but for our own as a sender; tokens and keys by their form.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SECRET = re.compile(
    rb"[Cc]anary|CANARY"
    rb"|(?<!tonearm)(?:@|%40|\\u0040)example\.(?:com|org|net)"
    rb"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"  # an access token
    rb"|tonearm[dlr]?_[0-9A-Za-z]{49,}"  # a refresh token, an API key, what stands in a mail's link
    rb"|tonearmu_[0-9a-f-]{36}_[0-9a-f]{32}"  # what stands in the link that ends mails
    rb"|B(?:HRlc3|WxvY2Fs|WRyaWxs)[\w-]{40,}"  # a link's or a feed's, by a secret called test, local or drill
    rb"|(?:test|local|drill):[0-9A-Za-z+/_-]{22,}"  # such a secret, as HANDOVER_SECRETS names it
    rb"|whsec_[0-9A-Za-z+/]{24,}"  # what signs the deliveries to a webhook
    rb"|[Bb]asic [0-9A-Za-z+/]{12,}=*"
)
LOGS = ("*.log", "logs/*.jsonl*", "rabbitmq.jsonl", "mongodb.jsonl")
"""Where processes that tests start write their lines, in whatever folder of the session."""
EVENTS = ("*.segment",)
"""A stream's files hold every event as it was published."""

found: list[str] = []
"""Each line that tells: its file, its number, and itself."""


def hear(name: str, lines: Iterable[bytes], first: int = 1) -> None:
    """Look at lines of a log."""
    for number, line in enumerate(lines, first):
        if told := SECRET.search(line):
            text = line[max(0, told.start() - 200) : told.end() + 200].decode(errors="replace").strip()
            found.append(f"{name}:{number}: {told[0].decode(errors='replace')!r} in {text}")


def look_through(folder: Path, patterns: Iterable[str] = (*LOGS, *EVENTS)) -> int:
    """Look at all logs and streams of a folder. Returns how many files there were.

    A broker removes the streams of deleted hosts meanwhile, so what was there may be gone. Devices that stand
    in a log's place are left alone: `/dev/full` has no end.
    """
    seen = 0
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            if not any(path.match(pattern) for pattern in patterns):
                continue
            with suppress(FileNotFoundError):
                if path.is_file():
                    with path.open("rb") as lines:
                        hear(str(path), lines)
                    seen += 1
    return seen
