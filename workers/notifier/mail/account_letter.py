"""The texts of the mails about an account. Pure."""

from events.types import Letter
from workers.notifier.mail.letterhead import Letterhead, Link, Words

_FORGOT = "/password/forgot"
_NOT_YOU = "If that was not you, there is nothing to do: without this link nothing happens."
_PAGES = {
    Letter.VERIFY: "/register/confirm",
    Letter.INVITATION: "/register/confirm",
    Letter.RESET: "/password/reset",
}
"""The pages of the links that are good once."""


def words(letter: Letter, head: Letterhead, token: str, seconds: int) -> Words:
    """Return the text of a letter. `token` is good for so many seconds; both are empty where it has none."""
    url = head.page(_PAGES[letter], token) if letter in _PAGES else head.page(_FORGOT)
    once = f"The link is good once, for {_span(seconds)}."
    after: tuple[str, ...]
    match letter:
        case Letter.VERIFY:
            title, said = "Confirm your address", "Somebody, you we hope, wants an account with this address."
            link = Link(url=url, here="Confirm it, and choose your password", button="Confirm this address")
            after = (once, _NOT_YOU)
        case Letter.INVITATION:
            title, said = "You are invited", "You are invited to Tonearm, which turns videos into audio."
            link = Link(url=url, here="Choose a password, and sign in with it", button="Accept")
            after = (once, "If you want no account, there is nothing to do.")
        case Letter.RESET:
            title, said = "Choose a new password", "Somebody, you we hope, has forgotten your password."
            link = Link(url=url, here="Choose a new one", button="Choose a new password")
            after = (once, "If that was not you, there is nothing to do: your password is good as it is.")
        case Letter.ALREADY_REGISTERED:
            title = "You have an account already"
            said = (
                "Somebody, you we hope, tried to register with this address, which has an account: sign in."
            )
            link = Link(
                url=url, here="If you have forgotten your password", button="Forgotten your password?"
            )
            after = ("If that was not you, there is nothing to do: nothing has changed.",)
        case Letter.PASSWORD_CHANGED:
            title, said = "Your password was changed", "The password of your account was changed just now."
            link = Link(url=url, here="If that was not you, choose a new one", button="Was that not you?")
            after = ()
    return Words(subject=f"Tonearm: {title}", title=title, said=said, link=link, after=after)


def _span(seconds: int) -> str:
    for length, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = seconds // length
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{seconds} seconds"
