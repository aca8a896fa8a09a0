"""The schema of the options refuses what the server refuses, as far as a schema can, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from events.options import MP3_BIT_RATES, SAMPLE_RATES, Channels, Chapters, Cover, Format, Options, faults
from gateway.app import litestar_app
from gateway.errors import BadKey
from gateway.openapi.rules import apart
from gateway.schemas import parts_of_nothing
from gateway.uploads.idempotency import read_key

APART = Draft202012Validator(apart())
QUALITIES = ["", "source", "V0", "V9", *(f"{each}k" for each in (1, 7, 100, 300, 511, *MP3_BIT_RATES))]
options = st.fixed_dictionaries(
    {"format": st.sampled_from(list(Format))},
    optional={
        "quality": st.sampled_from(QUALITIES),
        "sample_rate": st.sampled_from(SAMPLE_RATES),
        "channels": st.sampled_from([Channels.KEEP, Channels.STEREO]),
        "track": st.integers(0, 3),
        "language": st.sampled_from(["", "en"]),
        "cover": st.sampled_from(list(Cover)),
        "cover_at": st.sampled_from([1.0, 9.5]),
        "chapters": st.sampled_from(list(Chapters)),
        "marks": st.sampled_from(["", "0:00 One"]),
        "start": st.sampled_from([0.0, 5.0]),
        "end": st.sampled_from([1.0, 5.0, 60.0]),
        "fade_in": st.sampled_from([0.0, 50.0]),
        "true_peak": st.sampled_from([-1.0, -3.0]),
    },
)


def untold(given: dict[str, Any], name: str) -> bool:
    """Sums, numbers in a text, and what a preset may have given are for the server to say."""
    bits = name == "quality" and given["format"] is not Format.MP3 and given["quality"].endswith("k")
    return (
        name in ("end", "fade_out", "true_peak")
        or (bits and given["format"] not in (Format.FLAC, Format.WAV))
        or (name == "cover_at" and "cover" not in given)
    )


@given(options)
def test_what_the_schema_takes_the_server_takes(given: dict[str, Any]) -> None:
    wrong = {name for name, _ in faults(Options(**given))}
    told = {name for name in wrong if not untold(given, name)}
    assert APART.is_valid(given) == (not told), (given, wrong)


def test_the_rules_are_told() -> None:
    ruled = apart()["not"]["anyOf"]
    Draft202012Validator.check_schema(apart())
    assert len(ruled) >= 10
    assert all(rule["description"] and rule["required"] for rule in ruled)
    assert not APART.is_valid({"format": "flac", "quality": "192k"})
    assert not APART.is_valid({"track": 1, "language": "en"})
    assert APART.is_valid({"quality": "192k"}), "a preset may have a format"


def test_the_document_has_the_rules_of_options_and_of_other_bodies() -> None:
    document = litestar_app(parts_of_nothing()).openapi_schema.to_schema()
    upload = document["paths"]["/upload"]["post"]
    form = upload["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["not"] == document["components"]["schemas"]["WantedOptions"]["not"] == apart()["not"]
    assert form["properties"]["file"]["minLength"] == 1
    [key] = [each["schema"] for each in upload["parameters"] if each["name"] == "Idempotency-Key"]
    for text in ("", " ", "x" * 256, "naïve"):
        assert not Draft202012Validator(key).is_valid(text), text
        with pytest.raises(BadKey):
            read_key(text)
    assert Draft202012Validator(key).is_valid("a key of mine")
    kinds = document["components"]["schemas"]
    assert kinds["WantedKey"]["properties"]["scopes"]["minItems"] == 1
    assert kinds["WantedKey"]["properties"]["name"]["minLength"] == 1
    assert kinds["Invited"]["properties"]["roles"]["minItems"] == 1
    assert kinds["Credentials"]["properties"]["email"]["format"] == "email"
