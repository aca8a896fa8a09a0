"""The rule for replacing a file that lies where the audio should go.

It is replaced without a question when nothing is lost: its bytes are the audio of one of the account's jobs,
and that job was about the same video. Any other file is somebody's own, or another video's result. A person
at a terminal is asked, and a script is refused before anything is uploaded. `--force` replaces.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from cli.client.answers import Job
from cli.client.gateway import Gateway
from events.errors import TonearmError

OURS = 200
"""The number of the account's latest jobs that a file is compared with."""


class InTheWay(TonearmError):
    """A file that is not ours lies where the audio should go."""


def is_ours(here: str, known: Sequence[Job]) -> bool:
    """Return True if the file with this SHA-256 is the audio of one of these jobs."""
    return any(job.audio is not None and job.audio.sha256 == here for job in known)


def make_way(gateway: Gateway, target: Path, here: str, ask: Callable[[str], bool]) -> None:
    """Return if a person lets the file be replaced; `here` is its SHA-256. Raises InTheWay, ClientError."""
    made = [job for job in gateway.jobs(OURS) if is_ours(here, [job])]
    if made:
        whose = f"is the audio of another video, {made[0].filename}"
    else:  # another stack may have made it, another account, or an older job of ours
        whose = "is not audio that you converted from this video"
    if not ask(f"{target} {whose}. Replace it?"):
        raise InTheWay(f"{target} {whose}: use --force to replace it, or -o for another name")
