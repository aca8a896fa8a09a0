"""The converter's settings, from the environment (see `service.settings`)."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from service.settings import Settings
from workers.converter.ffmpeg.arguments import Limits
from workers.converter.workshop import Workshop


class ConverterSettings(Settings, frozen=True, kw_only=True):
    """With a `health_port`, the probes are served there."""

    rabbitmq_url: str
    mongodb_url: str
    converter_slots: Annotated[int, Meta(ge=1, le=64)] = 1
    """Videos that are converted at once."""
    converter_cores: Annotated[int, Meta(ge=0, le=256)] = 0
    """Cores for the encoders of all converters on this machine. A long MP3 gets those that are idle; with 1
    it has one encoder. 0: as many as this process may use."""
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
        """The limits of one conversion."""
        return Limits(
            duration_seconds=self.max_duration_seconds,
            output_bytes=self.max_audio_bytes,
            wall_seconds=self.conversion_timeout_seconds,
        )

    @property
    def workshop(self) -> Workshop:
        """The work directory, not opened yet."""
        return Workshop(Path(self.work_dir) if self.work_dir else None)
