"""Ids as people give them: whole, or as many of their first characters as tell one from all others."""

from collections.abc import Iterable

from cli.errors import WrongArgument

WHOLE = 36
"""Characters of an id that is a UUID: nothing can begin with it but itself."""
_NAMED = 10
"""Ids that a message lists."""


def meant(text: str, ids: Iterable[str], what: str) -> str | None:
    """Return the one id that begins with `text`, or is it; None: there is none. Raises WrongArgument."""
    known = sorted({each for each in ids if each.startswith(text)})
    if len(known) <= 1 or text in known:
        return text if text in known else next(iter(known), None)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    raise WrongArgument(
        f"{len(known)} {what}s begin with {text}; give more of it: {', '.join(known[:_NAMED])}{more}"
    )
