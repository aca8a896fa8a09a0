"""Options that do not go together, as a JSON schema. `events.options.faults` is asked, so they cannot differ.

A schema knows no sums and no numbers within a text. So the descriptions of the fields say how long fades may
be, and which bit rates a format takes. A rule about an option that is not given is left to the server, as a
preset may give it.
"""

from itertools import groupby
from typing import Any

from events.options import MP3_BIT_RATES, SAMPLE_RATES, SOURCE, Cover, Format, Options, faults

Json = dict[str, Any]
LEVELS, RATES = "[Vv][0-9]", "[1-9][0-9]{0,2}[Kk]"
"""Regular expressions, as JavaScript knows them, for what a quality may be."""
_RATES = tuple(f"{each}k" for each in MP3_BIT_RATES)


def apart() -> Json:
    """Return the schema of options that may stand in one object or form."""
    return {"not": {"anyOf": [*_of_formats(), *_ANY_FORMAT]}}


def _of_formats() -> list[Json]:
    rules = []
    lossless = [each for each in Format if _wrong("quality", format=each, quality=SOURCE)]
    rules.append(_together("A lossless format has no quality.", _among("format", lossless), quality=_SOME))
    flat = [each for each in Format if each not in lossless and _wrong("quality", format=each, quality="V0")]
    levels = {"pattern": f"^{LEVELS}$"}
    rules.append(_together("Not each format has levels.", _among("format", flat), quality=levels))
    blind = [each for each in Format if _wrong("cover", format=each, cover=Cover.KEEP)]
    pictures = {"enum": [each.value for each in Cover if each is not Cover.NONE]}
    rules.append(_together("Not each format holds a picture.", _among("format", blind), cover=pictures))
    for format_ in Format:
        rates = [rate for rate in SAMPLE_RATES if _wrong("sample_rate", format=format_, sample_rate=rate)]
        if rates:
            named = _among("format", [format_])
            rules.append(_together(f"{format_} has no such rate.", named, sample_rate={"enum": rates}))
    return rules + _of_mp3()


def _of_mp3() -> list[Json]:
    """Return the bit rates that an MP3 may not have: any but those of the standard, and some at each rate."""
    named = _among("format", [Format.MP3])
    other = {"pattern": f"^{RATES}$", "not": {"enum": list(_RATES)}}
    rules = [_together("An MP3 has one of the bit rates of its standard.", named, quality=other)]
    fitting = [
        rate for rate in SAMPLE_RATES if not _wrong("sample_rate", format=Format.MP3, sample_rate=rate)
    ]
    for wrong, rates in groupby(fitting, _too_much):
        some, bits = {"enum": list(rates)}, {"enum": list(wrong)}
        rules.append(
            _together("An MP3 of such a rate has other bit rates.", named, sample_rate=some, quality=bits)
        )
    return rules


def _too_much(sample_rate: int) -> tuple[str, ...]:
    options = {"format": Format.MP3, "sample_rate": sample_rate}
    return tuple(rate for rate in _RATES if _wrong("quality", **options, quality=rate))


def _wrong(name: str, **options: Any) -> bool:
    return name in dict(faults(Options(**options)))


def _among(name: str, values: list[Format]) -> Json:
    return {name: {"enum": [each.value for each in values]}}


def _together(why: str, first: Json, **others: Json) -> Json:
    properties = first | others
    return {"description": why, "properties": properties, "required": list(properties)}


_SOME: Json = {"minLength": 1}
_ANY_FORMAT = [
    _together("Give a track or a language.", {"track": {"type": "integer"}}, language=_SOME),
    _together(
        "Marks go with chapters that stay.", {"marks": {"pattern": "[0-9]"}}, chapters={"enum": ["drop"]}
    ),
    _together(
        "The second of a frame goes with cover=frame.",
        {"cover_at": {"type": "number"}},
        cover={"enum": [each.value for each in Cover if each is not Cover.FRAME]},
    ),
]
