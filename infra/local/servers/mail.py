"""A mail server that keeps every mail as a file and sends none.

    python -m infra.local.servers.mail --port PORT --dir DIRECTORY

Each mail is one `.eml` file, written beside and then renamed, so a reader never sees half a mail. The
envelope's recipient is in the header `X-Envelope-To`. Some addresses are refused, for trying failures out:

    tempfail-N-…@…   451 to the first N tries of this address, then accepted
    permfail…@…      550 always
"""

import argparse
import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.addresses import HOST
from infra.local.environment import of_program
from infra.local.ports import is_open, kept_ports
from infra.local.process import Process

_TEMPORARY = re.compile(r"tempfail-(\d+)(?:\D|$)")
ROOT = Path(__file__).resolve().parents[3]
MAX_BYTES = 32 * 1024 * 1024


class Catcher:
    """The answers to aiosmtpd: it asks for each recipient and each mail."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._tries: Counter[str] = Counter()
        self._count = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        if address.startswith("permfail"):
            return "550 5.1.1 no such mailbox"
        wanted = _TEMPORARY.match(address)
        if wanted and self._tries[address] < int(wanted[1]):
            self._tries[address] += 1
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail."""
        content = envelope.original_content or b""
        for address in envelope.rcpt_tos:
            self._count += 1
            name = f"{time.time_ns():020}-{self._count:06}.eml"
            unfinished = self._directory / f".{name}"
            unfinished.write_bytes(b"X-Envelope-To: " + address.encode() + b"\r\n" + content)
            unfinished.rename(self._directory / name)
        return "250 OK: kept"


class MailCatcher:
    """The catcher as a child process."""

    name = "mail"

    def __init__(self, directory: Path, *, log: Path | None = None) -> None:
        self.directory = directory.resolve()
        [self.port] = kept_ports(self.directory / ".port", 1)
        self._log = log or self.directory.with_name("mail.jsonl")
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """The SMTP URL; the catcher speaks no TLS."""
        return f"smtp://{HOST}:{self.port}?starttls=never"

    @property
    def process(self) -> Process | None:
        """The server's process once started."""
        return self._process

    def mails(self) -> list[Path]:
        """Return the files of the mails kept so far, oldest first."""
        return sorted(self.directory.glob("[0-9]*.eml"))

    async def start(self, timeout: float = 15.0) -> None:
        """Start it; return once it accepts connections. Raises NotReady."""
        command = [sys.executable, "-m", __name__, "--port", str(self.port), "--dir", str(self.directory)]
        self._process = Process(
            self.name, command, log=self._log, directory=ROOT, environment=of_program(os.environ)
        )
        await self._process.start()
        await self._process.ready(lambda: is_open(self.port), timeout)

    async def ready(self) -> bool:
        """Return True if it accepts connections."""
        return await is_open(self.port)

    async def stop(self, grace: float = 5.0) -> None:
        """Stop it; the mails stay."""
        if self._process:
            await self._process.stop(grace)


async def serve(port: int, directory: Path) -> None:
    """Catch mails until SIGTERM or SIGINT."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    loop, stop, catcher = asyncio.get_running_loop(), asyncio.Event(), Catcher(directory)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: SMTP(
            catcher, hostname="localhost", data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, loop=loop
        ),
        HOST,
        port,
    )
    await stop.wait()
    server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.servers.mail", description="keep every mail as a file"
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.dir))


if __name__ == "__main__":
    main()
