"""The route that lists every option for clients: small, and made of the schemas of the OpenAPI document."""

from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from litestar import get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from events.options import MEDIA_TYPES, MP3_BIT_RATES, SAMPLE_RATES, SOURCE, Cover, Format, Options, faults
from events.wishes import SPANS, TAGS, TIMES
from gateway.http.contract import ANYBODY, Contract
from gateway.openapi.options import properties
from gateway.uploads import options
from gateway.uploads.expected_size import quality_by_default
from gateway.uploads.options import options_of
from gateway.uploads.presets import Presets

Json = dict[str, Any]

GROUPS: dict[str, tuple[str, ...]] = {
    "format": ("format", "quality", "sample_rate", "channels", "copy"),
    "part": ("start", "end"),
    "sound": ("loudness", "true_peak", "speed", "fade_in", "fade_out"),
    "silence": ("trim_silence", "shorten_pauses"),
    "source": ("track", "language", "partial"),
    "tags": ("keep_tags", *TAGS),
    "chapters": ("chapters", "marks"),
    "cover": ("cover", "cover_at"),
    "keeping": ("retain_video", "retain_audio", "retain_record"),
}
"""The options that people look for together."""
_UNITS = {
    "sample_rate": "Hz",
    "loudness": "LUFS",
    "true_peak": "dBTP",
    "speed": "times",
    "shorten_pauses": "s",
    **dict.fromkeys((*TIMES, *SPANS), "s"),
}
_CHOICES: dict[str, list[str | int]] = {
    field.name: [each.value for each in field.type]
    for field in msgspec.structs.fields(Options)
    if isinstance(field.type, type) and issubclass(field.type, StrEnum)
}
_USUAL_RATES = (*MP3_BIT_RATES, 384, 448, 510)


class Option(Struct, frozen=True, kw_only=True):
    """One option. `time` and `span` are seconds that may be written as 1:30, or as 12h."""

    name: str
    group: str
    type: Literal["text", "choice", "boolean", "integer", "number", "time", "span"]
    description: str
    values: Annotated[list[str | int], Meta(description="All that it takes; empty: any within its limits.")]
    minimum: float | None = None
    maximum: float | None = None
    longest: Annotated[int | None, Meta(description="Characters.")] = None
    unit: str = ""
    formats: Annotated[list[Format], Meta(description="The formats that it goes with.")]
    default: Annotated[
        str | float | bool | None,
        Meta(description="The server's, where neither you nor a preset of yours says more; null: none."),
    ]


class FormatLimits(Struct, frozen=True, kw_only=True):
    """The range of a format. Without bit rates and levels it is lossless."""

    name: Format
    media_type: str
    quality: Annotated[str, Meta(description="Of two channels, where none is asked for.")]
    levels: Annotated[bool, Meta(description="It takes the levels V0 (best) to V9.")]
    bit_rates: Annotated[list[int], Meta(description="In kbit/s: usual ones, and all of an MP3.")]
    sample_rates: Annotated[list[int], Meta(description="In Hz.")]


class OptionList(Struct, frozen=True, kw_only=True):
    """All options, in groups that follow each other, and the formats."""

    options: list[Option]
    formats: list[FormatLimits]


@get("/options", operation_id="listOptions", tags=["options"], opt=Contract(scope=ANYBODY, errors=()).opt)
async def list_options(presets: NamedDependency[Presets]) -> OptionList:
    """List the options of a conversion: what each takes, and the server's defaults."""
    defaults = options.as_json(options_of({}, presets.defaults))
    by_name = defaults | defaults["tags"]
    shown = [_option(group, name, by_name[name]) for group, names in GROUPS.items() for name in names]
    return OptionList(options=shown, formats=_formats())


def _option(group: str, name: str, default: Any) -> Option:
    schema = _schemas()[name]
    return Option(
        name=name,
        group=group,
        type=_type(name, schema),
        description=schema["description"],
        values=_CHOICES[name] if name in _CHOICES else schema.get("enum", []),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        longest=schema.get("maxLength"),
        unit=_UNITS.get(name, ""),
        formats=[each for each in Format if _fits(name, each)],
        default=default,
    )


_schemas = cache(properties)


def _type(name: str, schema: Json) -> Any:
    if name in TIMES:
        return "time"
    if name in SPANS:
        return "span"
    if name in _CHOICES:
        return "choice"
    return "text" if schema["type"] == "string" else schema["type"]


def _fits(name: str, format_: Format) -> bool:
    """Return True if an option has a meaning for a format."""
    match name:
        case "quality":
            return not _wrong(name, format=format_, quality=SOURCE)
        case "cover" | "cover_at":
            return not _wrong("cover", format=format_, cover=Cover.KEEP)
    return True


@cache
def _formats() -> list[FormatLimits]:
    return [
        FormatLimits(
            name=each,
            media_type=MEDIA_TYPES[each],
            quality=quality_by_default(each),
            levels=not _wrong("quality", format=each, quality="V0"),
            bit_rates=[
                rate for rate in _USUAL_RATES if not _wrong("quality", format=each, quality=f"{rate}k")
            ],
            sample_rates=[
                rate for rate in SAMPLE_RATES if not _wrong("sample_rate", format=each, sample_rate=rate)
            ],
        )
        for each in Format
    ]


def _wrong(name: str, **wanted: Any) -> bool:
    return name in dict(faults(Options(**wanted)))


ROUTES = [list_options]
