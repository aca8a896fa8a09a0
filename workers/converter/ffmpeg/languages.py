"""Chooses among languages as RFC 4647 looks them up. Pure.

Files hold `eng`, `ger`, `deu`, `pt-BR`, `cmn` or the retired `scr`; people type `en`, `de`, `pt-br` or `zh`.
All are brought to BCP 47 by langcodes, which has the registries of IANA and ISO 639. Then, in this order:

1. the language itself, and a variety of it: `pt` finds `pt`, before `pt-BR`;
2. a language of the group that was asked for: `no` finds `nb`, `zh` finds `cmn`, before `yue`;
3. what it is a variety or a language of: `de-CH` finds `de`, and `nb` finds `no`.

A sibling is never found: `pt-BR` is no `pt-PT`.
"""

from collections.abc import Callable, Iterator, Sequence

from langcodes import standardize_tag
from langcodes.data_dicts import MACROLANGUAGES, NORMALIZED_MACROLANGUAGES
from langcodes.tag_parser import LanguageTagError


def find(wanted: str, languages: Sequence[str]) -> list[int]:
    """Return the places of the languages that suit best, none where none does. Empty ones are unknown."""
    tag, tags = standard(wanted), [standard(each) for each in languages]
    if not tag:
        return []
    for suits in _steps(tag):
        if found := [at for at, each in enumerate(tags) if each and suits(each)]:
            return found
    return []


def _steps(tag: str) -> Iterator[Callable[[str], bool]]:
    yield lambda each: each == tag
    yield lambda each: each.startswith(f"{tag}-")
    for groups in (NORMALIZED_MACROLANGUAGES, MACROLANGUAGES):
        yield lambda each, groups=groups: _in_group(each, groups) == tag  # type: ignore[misc]
        yield lambda each, groups=groups: _in_group(each, groups).startswith(f"{tag}-")  # type: ignore[misc]
    for wider in (*_wider(tag), *_widest(tag)):
        yield lambda each, wider=wider: each == wider  # type: ignore[misc]


def _wider(tag: str) -> Iterator[str]:
    """Yield the tag without its last parts, one after the other (RFC 4647, 3.4)."""
    parts = tag.split("-")
    while len(parts) > 1:
        parts.pop()
        if len(parts[-1]) > 1:
            yield "-".join(parts)


def _widest(tag: str) -> Iterator[str]:
    """Yield the language's group, with and without the other parts."""
    if group := _in_group(tag, MACROLANGUAGES):
        yield group
        yield from _wider(group)


def _in_group(tag: str, groups: dict[str, str]) -> str:
    language, dash, rest = tag.partition("-")
    return f"{groups[language]}{dash}{rest}" if language in groups else ""


def standard(tag: str) -> str:
    """Return a tag as BCP 47 has it; one that means nothing, in small letters."""
    try:
        return str(standardize_tag(tag)) if tag else ""
    except LanguageTagError:
        return tag.lower()
