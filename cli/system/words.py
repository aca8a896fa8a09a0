"""Words for what the system has, the same in `status`, `top` and `replay info`."""

QUEUES = {
    "video": "conversions",
    "video.bulk": "in bulk",
    "mp3": "job mails",
    "letters": "account mails",
    "news": "webhook news",
    "hooks": "deliveries",
    "imports": "imports",
}
"""What each work queue holds, by the names of `events.log.topology`: that would bring the broker's driver."""

CONSUMERS = {
    "video": "converter",
    "video.bulk": "converter",
    "mp3": "notifier",
    "letters": "notifier",
    "news": "notifier",
    "hooks": "notifier",
    "imports": "gateway",
}
"""The service that takes the work of each queue."""

STATES = {
    "uploaded": "waiting",
    "converting": "converting",
    "retrying": "trying again",
    "failed": "failed",
    "converted": "converted",
    "notified": "converted, mail sent",
    "cancelled": "cancelled",
    "deleted": "deleted",
}
"""The states of jobs: first those under way, then the failed."""


def tail(id_: str) -> str:
    """Return the part of an id that people can tell apart: its end, which chance has made."""
    return f"…{id_[-8:]}" if len(id_) > 12 else id_


def counted(count: int, one: str, many: str = "") -> str:
    """Return such as `1 job` or `1,200 jobs`; `many` is for a plural that is more than an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
