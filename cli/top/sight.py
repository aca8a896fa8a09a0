"""The sight of the person before the cockpit, and what each key does: pure."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cli.top.answers import AnyJob

PANELS = ("work", "failures", "events")
_LONGEST = 60
"""Characters of a filter."""
_STEP = 10
"""Rows of a page."""


class Row(Struct, frozen=True):
    """A row that can be chosen. `job_id` empty: it is of no job."""

    key: str
    job_id: str
    name: str


class Wish(Struct, frozen=True):
    """A request to the gateway: `show`, `cancel` or `repeat` a job; or `quit`."""

    what: str
    job_id: str = ""
    name: str = ""


class Sight(Struct, frozen=True):
    """The part that is shown. `chosen` is the key of a row, empty: none. `asked` waits for a yes."""

    panel: str = "work"
    chosen: str = ""
    filter: str = ""
    is_typing: bool = False
    is_paused: bool = False
    is_still: bool = False
    """It is one picture, that nothing follows."""
    story: AnyJob | None = None
    scrolled: int = 0
    """Rows that a story is scrolled down."""
    asked: Wish | None = None
    is_helping: bool = False
    """It is the keys that are shown."""
    said: str = ""
    is_bad: bool = False

    def passes(self, *texts: str) -> bool:
        """Return True if the filter is in one of the texts, in any case."""
        return not self.filter or any(self.filter.casefold() in text.casefold() for text in texts)


def pressed(sight: Sight, key: str, rows: Sequence[Row]) -> tuple[Sight, Wish | None]:
    """Return what is shown after a key, and what is wished for by it. `rows` are those of the panel."""
    sight = replace(sight, said="", is_bad=False)
    if key == "ctrl-c":
        return sight, Wish("quit")
    if sight.asked is not None:
        return replace(sight, asked=None), sight.asked if key in ("y", "Y") else None
    if sight.is_typing:
        return _typed(sight, key), None
    if sight.is_helping:
        return replace(sight, is_helping=False), None
    if sight.story is not None:
        return _in_story(sight, key)
    return _in_panels(sight, key, rows)


def _typed(sight: Sight, key: str) -> Sight:
    if key == "enter":
        return replace(sight, is_typing=False)
    if key == "escape":
        return replace(sight, is_typing=False, filter="")
    if key == "backspace":
        return replace(sight, filter=sight.filter[:-1])
    if key == "ctrl-u":
        return replace(sight, filter="")
    if len(key) == 1 and key.isprintable():
        return replace(sight, filter=(sight.filter + key)[:_LONGEST])
    return sight


def _in_story(sight: Sight, key: str) -> tuple[Sight, Wish | None]:
    job = sight.story
    assert job is not None  # noqa: S101
    most = len(job.timeline)
    match key:
        case "q" | "escape" | "enter" | "left":
            return replace(sight, story=None, scrolled=0), None
        case "up" | "k":
            return replace(sight, scrolled=max(0, sight.scrolled - 1)), None
        case "down" | "j":
            return replace(sight, scrolled=min(most, sight.scrolled + 1)), None
        case "pageup":
            return replace(sight, scrolled=max(0, sight.scrolled - _STEP)), None
        case "pagedown" | " ":
            return replace(sight, scrolled=min(most, sight.scrolled + _STEP)), None
        case "p":
            return replace(sight, is_paused=not sight.is_paused), None
        case _:
            return _ask(sight, key, Row(job.job_id, job.job_id, job.filename)), None


def _in_panels(sight: Sight, key: str, rows: Sequence[Row]) -> tuple[Sight, Wish | None]:
    at = next((at for at, row in enumerate(rows) if row.key == sight.chosen), None)
    match key:
        case "q":
            return sight, Wish("quit")
        case "p" | " ":
            return replace(sight, is_paused=not sight.is_paused), None
        case "?":
            return replace(sight, is_helping=True), None
        case "/":
            return replace(sight, is_typing=True), None
        case "escape":
            if sight.chosen:
                return replace(sight, chosen=""), None
            return replace(sight, filter=""), None
        case "tab" | "right":
            return _to_panel(sight, 1), None
        case "backtab" | "left":
            return _to_panel(sight, -1), None
        case "down" | "j":
            return _choose(sight, rows, 0 if at is None else at + 1), None
        case "up" | "k":
            return _choose(sight, rows, 0 if at is None else at - 1), None
        case "pagedown":
            return _choose(sight, rows, (at or 0) + _STEP), None
        case "pageup":
            return _choose(sight, rows, (at or 0) - _STEP), None
        case "home" | "g":
            return _choose(sight, rows, 0), None
        case "end" | "G":
            return _choose(sight, rows, len(rows) - 1), None
    if at is None:
        if key in ("enter", "c", "r"):
            return replace(sight, said="Choose a row by the arrow keys first."), None
        return sight, None
    row = rows[at]
    if key == "enter":
        if not row.job_id:
            return replace(sight, said="This is of no job: there is no story to show."), None
        return sight, Wish("show", row.job_id, row.name)
    return _ask(sight, key, row), None


def _ask(sight: Sight, key: str, row: Row) -> Sight:
    what = {"c": "cancel", "r": "repeat"}.get(key)
    if what is None:
        return sight
    if not row.job_id:
        return replace(sight, said="This is of no job.")
    return replace(sight, asked=Wish(what, row.job_id, row.name))


def _choose(sight: Sight, rows: Sequence[Row], at: int) -> Sight:
    return replace(sight, chosen=rows[max(0, min(at, len(rows) - 1))].key if rows else "")


def arrived(sight: Sight, rows: Sequence[Row]) -> Sight:
    """Return the sight with the first row chosen, in a panel that was gone to."""
    return replace(sight, chosen=rows[0].key) if rows and not sight.chosen else sight


def _to_panel(sight: Sight, step: int) -> Sight:
    return replace(sight, panel=PANELS[(PANELS.index(sight.panel) + step) % len(PANELS)], chosen="")
