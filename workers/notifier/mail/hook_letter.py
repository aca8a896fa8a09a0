"""The text of the mail about a webhook that was disabled. Pure.

The webhook's address is not in it: such an address may be a secret, and mails are read by many.
"""

from events.types import DisablingReason
from workers.notifier.mail.letterhead import Letterhead, Link, Words

_WHY = {
    DisablingReason.GONE: "its receiver has answered that it is gone (410)",
    DisablingReason.FAILING: "its receiver has accepted nothing for five days",
}


def words(reason: DisablingReason, head: Letterhead) -> Words:
    """Return the text."""
    title = "A webhook of yours is disabled"
    return Words(
        subject=f"Tonearm: {title}",
        title=title,
        said=f"Nothing is sent any more to one of your webhooks: {_WHY[reason]}.",
        link=Link(url=f"{head.public_url}/#/account", here="See which one it is", button="See your webhooks"),
        after=("When the receiver is well again, delete the webhook and make another one.",),
    )
