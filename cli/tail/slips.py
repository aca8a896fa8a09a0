"""Names of services and types that nothing will have: who follows by one would wait for ever."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from cli.tree.group import suggestion
from events.registry import REGISTRY

_SERVICES = ("gateway", "auth", "converter", "notifier", "log")


def slips(services: Iterable[str], types: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield a sentence for each name that is not known; `folder` has the logs at hand, a file a service.

    Log lines have names of any kind, but none with a dot: those are types of events.
    """
    known = sorted({*_SERVICES, *(each.stem for each in folder.glob("*.jsonl"))})
    for service in services:
        if service not in known:
            yield f"no service here is {service!r}{suggestion(service, known) or _there_are(known)}"
    for pattern in types:
        if "." in pattern and not any(fnmatchcase(each, pattern) for each in REGISTRY.current):
            yield f"no event is of the type {pattern!r}{_meant(pattern)}"


def _meant(pattern: str) -> str:
    kind, _, verb = pattern.partition(".")
    kinds = sorted({each.partition(".")[0] for each in REGISTRY.current})
    if "*" in verb:
        return suggestion(f"{kind}.*", [f"{each}.*" for each in kinds])
    return suggestion(pattern, REGISTRY.current) or _there_are(f"{each}.*" for each in kinds)


def _there_are(names: Iterable[str]) -> str:
    return f"; there are {', '.join(names)}"
