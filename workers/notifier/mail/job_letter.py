"""The text of the mail about a job's end. Pure: time, ids and addresses come in.

The uploader chose the filename, so it is shown as text and nothing else: no line breaks (they would be
headers), no direction marks (they would turn "gpm.exe" around), no markup, and a bounded length.
"""

from datetime import datetime
from email.message import EmailMessage

from events.options import Format
from events.texts import is_seen, one_line
from events.types import INCOMPLETE, JobConverted, JobFailed
from workers.notifier.accounts import Addressee
from workers.notifier.mail.letterhead import Letterhead, Link, Words, mail
from workers.notifier.mail.mailed_links import Way

MAX_NAME = 100
"""Characters of a filename that a letter shows."""

NAMELESS = "your video"
"""The video's name while its filename is not known."""

_CALLED = {
    Format.MP3: "an MP3",
    Format.M4A: "an M4A file",
    Format.OPUS: "an Opus file",
    Format.OGG: "an Ogg Vorbis file",
    Format.FLAC: "a FLAC file",
    Format.WAV: "a WAV file",
}


def compose(
    ending: JobConverted | JobFailed,
    *,
    head: Letterhead,
    to: Addressee,
    way: Way,
    filename: str,
    cause_id: str,
    now: datetime,
) -> EmailMessage:
    """Write the letter, plain with an HTML alternative. Raises Undeliverable for an impossible address."""
    name = plain_name(filename)
    match ending:
        case JobConverted():
            title = "Your audio is ready"
            facts = f"{_clock(ending.duration_seconds)}, {_size(ending.bytes)}"
            notice = f" {INCOMPLETE}" if ending.partial else ""
            said = f"{name} is now {_called(ending)} ({facts}).{_saved(ending)}{_left_out(ending)}{notice}"
            sound = "MP3" if ending.format is Format.MP3 and not ending.parts else "audio"
            link: Link | None = Link(url=way.url, here="Get it here", button=f"Get the {sound}")
            after = _terms(way)
        case JobFailed():
            title = "Your video could not be converted"
            said, link, after = f"{name}: {one_line(ending.message)}", None, []
    words = Words(
        subject=f"{title}: {name}",
        title=title,
        said=said,
        link=link,
        after=after,
        leave=_leave(head, to.unsubscribe),
    )
    return mail(words, head=head, to=to.email, cause_id=cause_id, now=now)


def _terms(way: Way) -> list[str]:
    if way.until is None:
        return []
    until = f"{way.until.day} {way.until:%B %Y, %H:%M} UTC"
    return [
        f"This link needs no sign-in, and is good until {until}. Whoever you forward it to can listen, too."
    ]


def _leave(head: Letterhead, token: str) -> Link | None:
    if not token:
        return None
    url = head.page("/unsubscribe", token)
    return Link(url=url, here="No more mails about your jobs", button="No more mails about your jobs")


def _called(ending: JobConverted) -> str:
    if not ending.parts:
        return _CALLED[ending.format]
    files = "file, for its one chapter" if ending.parts == 1 else "files, one for each chapter"
    return f"a ZIP of {ending.parts} {ending.format.upper()} {files}"


def _saved(ending: JobConverted) -> str:
    """Return a sentence about pauses that were shortened; empty: it would be about less than a second."""
    saved = round(ending.seconds_saved)
    return f" Shorter pauses make it {_clock(saved)} shorter." if saved else ""


def _left_out(ending: JobConverted) -> str:
    """Return a sentence about chapters without sound; empty: there are none."""
    titles = ", ".join(map(one_line, ending.left_out))
    return f" Chapters without sound are left out: {titles}." if titles else ""


def plain_name(filename: str) -> str:
    """Return the filename as it may be shown: one line, visible, at most MAX_NAME characters."""
    name = one_line(filename)
    if not is_seen(name):
        return NAMELESS
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"
