"""Standard output for records, which notices when its reader is gone."""

import select
import sys
from collections.abc import Iterable

from cli.tail.formats import Format
from cli.tail.record import Record


class Output:
    """Writes records in one format."""

    def __init__(self, format_: Format) -> None:
        self._format = format_
        self._reader_gone = select.poll() if hasattr(select, "poll") else None  # Windows has none
        if self._reader_gone is not None:
            self._reader_gone.register(sys.stdout.fileno(), 0)

    def show(self, records: Iterable[Record]) -> None:
        """Write the records. Raises BrokenPipeError, also with none to write, once nobody reads them."""
        lines = [f"{self._format(record)}\n".encode(errors="surrogateescape") for record in records]
        if lines:
            sys.stdout.buffer.write(b"".join(lines))
            sys.stdout.buffer.flush()
        elif self._reader_gone is not None and any(
            state & (select.POLLERR | select.POLLHUP) for _, state in self._reader_gone.poll(0)
        ):
            raise BrokenPipeError
