"""One conversion to do, as it travels from the handler down to the encoder."""

from io import FileIO

from msgspec import Struct

from events.options import DEFAULT, Options
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.ffmpeg.engine import Engine
from workers.converter.ffmpeg.process import OnProgress, unwatched
from workers.converter.parallel.encoding import Sharing
from workers.converter.source.input import Input
from workers.converter.workshop import Workshop


class Equipment(Struct, frozen=True):
    """The means that all conversions of a process have in common."""

    engine: Engine
    limits: Limits = Limits()
    workshop: Workshop = Workshop()
    sharing: Sharing | None = None
    """Idle cores for a long MP3, which has the same bytes without; None: each conversion has one encoder."""


class Task(Struct, frozen=True):
    """The source, the options, and the private seekable file that the result goes into."""

    equipment: Equipment
    source: Input
    target: FileIO
    options: Options = DEFAULT
    on_progress: OnProgress = unwatched
