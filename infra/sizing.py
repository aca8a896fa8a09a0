"""The machines that a number of jobs a day needs, from measured figures: `./justw sizing --jobs 1e6`.

The figures are of `infra/SIZING.md`, which describes how each was measured and where a part breaks first.
"""

import argparse
import re
from math import ceil

from msgspec import Struct

DAY = 86_400.0
CHUNK = 255 * 1024
GB = 1e9


class Measured(Struct, frozen=True, kw_only=True):
    """The cost of one unit. Seconds are of one core's processor time."""

    cpu_per_audio_minute: float = 0.82
    cpu_per_job: float = 0.22
    events_per_job: float = 5.0
    bytes_per_event: float = 1_370.0
    bytes_per_view: float = 2_180.0
    projected_per_second: float = 18_200.0
    """Events that one projector folds and stores in a second, at most."""


class Wishes(Struct, frozen=True, kw_only=True):
    """The work of a day. The busiest hour has `peak` times the mean."""

    jobs: float
    minutes: float = 10.0
    megabytes: float = 100.0
    audio_kbit: float = 190.0
    keep_days: float = 7.0
    peak: float = 3.0


class Needs(Struct, frozen=True, kw_only=True):
    """The machines that this work takes. Rates are those of the busiest hour."""

    jobs_per_second: float
    converter_cores: int
    events_per_second: float
    log_gb_per_year: float
    uploads_mb_per_second: float
    blobs_tb: float
    chunks: float
    views_gb_per_year: float
    projectors: int


def needs(wishes: Wishes, measured: Measured | None = None) -> Needs:
    """Return what so many jobs a day need."""
    one = measured or Measured()
    rate = wishes.jobs / DAY * wishes.peak
    cpu = wishes.minutes * one.cpu_per_audio_minute + one.cpu_per_job
    job_bytes = wishes.megabytes * 1e6 + wishes.minutes * 60 * wishes.audio_kbit * 1000 / 8
    stored = wishes.jobs * wishes.keep_days
    chunks = stored * ceil(job_bytes / CHUNK)
    events = rate * one.events_per_job
    return Needs(
        jobs_per_second=rate,
        converter_cores=ceil(rate * cpu),
        events_per_second=events,
        log_gb_per_year=wishes.jobs * 365 * one.events_per_job * one.bytes_per_event / GB,
        uploads_mb_per_second=rate * wishes.megabytes,
        blobs_tb=stored * job_bytes / 1e12,
        chunks=chunks,
        views_gb_per_year=wishes.jobs * 365 * one.bytes_per_view / GB,
        projectors=ceil(events / one.projected_per_second),
    )


def _spelled(name: str) -> str:
    return re.sub(r"\b[gmt]b\b", lambda unit: unit[0].upper(), name.replace("_", " "))


def rows(found: Needs) -> dict[str, str]:
    """Return the needs as text, three digits of each, by name."""
    return {
        _spelled(name): f"{float(f'{getattr(found, name):.3g}'):,.10g}" for name in Needs.__struct_fields__
    }


def main() -> None:
    """Print the needs as a table."""
    parser = argparse.ArgumentParser(prog="./justw sizing", description=__doc__)
    defaults = Wishes(jobs=1e6)
    for name in Wishes.__struct_fields__:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(defaults, name))
    found = needs(Wishes(**vars(parser.parse_args())))
    for name, text in rows(found).items():
        print(f"{name:<24} {text:>20}")


if __name__ == "__main__":
    main()
