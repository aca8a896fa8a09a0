"""What the converter needs to know, from the environment (see `service.settings`)."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from service.settings import Settings
from workers.converter.ffmpeg.command import Limits
from workers.converter.workshop import Workshop


class ConverterSettings(Settings, frozen=True, kw_only=True):
    """The settings of the converter. `converter_slots` is how many videos are under way at once.

    With a `health_port`, its probes are served there.
    """

    rabbitmq_url: str
    mongodb_url: str
    converter_slots: Annotated[int, Meta(ge=1, le=64)] = 1
    converter_cores: Annotated[int, Meta(ge=0, le=256)] = 0
    """Cores for the encoders of all converters on this machine: a long MP3 gets those that are idle, and with
    1 never more than its own. 0: as many as this process may use."""
    work_dir: str = ""
    """A directory on a disk with room for `converter_slots` videos; empty: the system's temporary one."""
    max_duration_seconds: Annotated[float, Meta(gt=0)] = 6 * 3600.0
    max_audio_bytes: Annotated[int, Meta(gt=0)] = 1_000_000_000
    conversion_timeout_seconds: Annotated[float, Meta(gt=0)] = 4 * 3600.0
    """Keep the broker's `consumer_timeout` above it."""
    ffmpeg: str = ""
    """A path; empty: the one that comes with imageio-ffmpeg."""
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    log_level: str = "INFO"

    @property
    def limits(self) -> Limits:
        """What one conversion may take."""
        return Limits(
            duration_seconds=self.max_duration_seconds,
            output_bytes=self.max_audio_bytes,
            wall_seconds=self.conversion_timeout_seconds,
        )

    @property
    def workshop(self) -> Workshop:
        """Where the work is done."""
        return Workshop(Path(self.work_dir) if self.work_dir else None)
