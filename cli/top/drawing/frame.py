"""The frame that all panels are drawn from."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from rich.text import Text

from cli.top.answers import Event
from cli.top.drawing.glyphs import Glyphs
from cli.top.drawing.lines import ACCENT, HEAD, QUIET
from cli.top.model import Failure, Model, Task
from cli.top.sight import Row, Sight


class Frame(Struct, frozen=True):
    """The model, the sight of it, the time now, and the signs to draw with."""

    model: Model
    sight: Sight
    now: datetime
    glyphs: Glyphs

    def tasks(self) -> list[Task]:
        """Return the work that passes the filter."""
        model, sight = self.model, self.sight
        return [
            each
            for each in model.tasks()
            if sight.passes(model.name(each.work.subject), each.work.subject, each.worker, each.work.queue)
        ]

    def failures(self) -> list[Failure]:
        """Return the failures that pass the filter."""
        model, sight = self.model, self.sight
        return [
            each
            for each in model.failures()
            if sight.passes(model.name(each.subject), each.subject, each.what, each.reason)
        ]

    def is_answered(self, question: str) -> bool:
        """Return True if this has had its first answer; one picture is drawn when all have."""
        return question in self.model.answered or self.sight.is_still

    def rows(self) -> list[Row]:
        """Return the rows of the panel that is looked at, as keys choose them."""
        name = self.model.name
        match self.sight.panel:
            case "work":
                return [
                    Row(each.key, each.work.subject if each.is_of_job else "", name(each.work.subject))
                    for each in self.tasks()
                ]
            case "failures":
                return [
                    Row(each.key, each.subject if each.is_of_job else "", name(each.subject))
                    for each in self.failures()
                ]
            case _:
                return [
                    Row(each.id, each.subject if each.type.startswith("job.") else "", name(each.subject))
                    for each in self.events()
                ]

    def events(self) -> list[Event]:
        """Return the events that pass the filter, newest first."""
        model, sight = self.model, self.sight
        return [
            each
            for each in reversed(model.events)
            if sight.passes(model.name(each.subject), each.subject, each.type, each.account)
        ]

    def heading(self, title: str, panel: str = "", note: str = "") -> Text:
        """Return a panel's heading; that of the panel that is looked at has the accent."""
        is_chosen = panel and panel == self.sight.panel
        text = Text(no_wrap=True)
        text.append(title.upper(), style=f"{HEAD} {ACCENT}" if is_chosen else HEAD)
        if note:
            text.append(f"  {note}", style=QUIET)
        return text

    def marked(self, key: str, panel: str, line: Text) -> Text:
        """Return a row behind the mark of the chosen one, or a blank."""
        is_chosen = self.sight.panel == panel and bool(key) and key == self.sight.chosen
        marked = Text(no_wrap=True)
        marked.append(f"{self.glyphs.chosen} " if is_chosen else "  ", style=ACCENT)
        marked.append_text(line)
        if is_chosen:
            marked.stylize(HEAD)
        return marked

    def window(self, keys: Sequence[str], panel: str, rows: int) -> range:
        """Return which of the rows are in sight: so many, the chosen one among them."""
        if self.sight.panel == panel and self.sight.chosen in keys:
            at = list(keys).index(self.sight.chosen)
            first = max(0, min(at - rows // 2, len(keys) - rows))
        else:
            first = 0
        return range(first, min(len(keys), first + rows))
