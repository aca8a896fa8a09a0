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
        if sys.platform != "win32":  # which has no poll
            self._reader_gone = select.poll()
            self._reader_gone.register(sys.stdout.fileno(), 0)

    def show(self, records: Iterable[Record]) -> None:
        """Write the records. Raises BrokenPipeError, also with none to write, once nobody reads them."""
        lines = [f"{self._format(record)}\n".encode(errors="surrogateescape") for record in records]
        if lines:
            sys.stdout.buffer.write(b"".join(lines))
            sys.stdout.buffer.flush()
        elif sys.platform != "win32" and any(
            state & (select.POLLERR | select.POLLHUP) for _, state in self._reader_gone.poll(0)
        ):
            raise BrokenPipeError
