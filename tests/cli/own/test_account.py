"""`tonearm presets`, `keys` and `sessions`, against real services."""

import json
import os

from tests.cli.person import Person, ids


async def test_presets_are_saved_listed_shown_used_and_deleted(person: Person) -> None:
    assert "you have no presets" in (await person.tonearm("presets", code=4))[1]
    out, _ = await person.tonearm("presets", "set", "Speech/more", "--format", "opus", "--title", "A talk")
    assert out.splitlines() == ["format  opus", "title   A talk"]
    assert (await person.tonearm("preset", "list"))[0] == "Speech/more  format=opus title=A talk\n"
    assert (await person.tonearm("presets", "show", "Speech/more"))[0] == out
    told = json.loads((await person.tonearm("presets", "--json"))[0])
    assert told == (await person.http.get("/presets")).json()["items"][0]
    _, said = await person.tonearm("presets", "show", "speech/MORE", code=4)
    assert "did you mean Speech/more?" in said
    await person.tonearm("presets", "set", "x", code=2)
    await person.tonearm("presets", "delete", "Speech/more")
    await person.tonearm("presets", "delete", "Speech/more", code=4)


async def test_ones_own_defaults_are_shown_set_and_forgotten(person: Person) -> None:
    await person.tonearm("presets", "default", "--format", "flac", "--speed", "1,25")
    shown = dict(line.split() for line in (await person.tonearm("presets", "default"))[0].splitlines())
    assert (shown["format"], shown["speed"]) == ("flac", "1.25")
    await person.tonearm("presets", "default", "--clear", "--format", "mp3", code=2)
    told = json.loads((await person.tonearm("presets", "default", "--clear", "--json"))[0])
    assert told.get("format", "mp3") == "mp3"


async def test_keys_are_made_listed_and_revoked(person: Person) -> None:
    assert "you have no keys" in (await person.tonearm("keys", code=4))[1]
    key, said = await person.tonearm("keys", "create", "camera", "--scope", "upload", "--days", "30")
    assert key.startswith("tonearm_")
    assert "shown only this once" in said
    out, _ = await person.tonearm("keys")
    assert "  camera  upload  " in out
    assert out.rstrip().endswith("never")
    [key_id] = ids(out)
    assert (await person.tonearm("account", "keys", "list"))[0] == out, "as it was typed before"
    before = ("account", "keys", f"--url={person.site.url}", "--email", os.environ["TONEARM_EMAIL"])
    assert (await person.tonearm(*before, "list"))[0] == out, "and with the options before"
    made = json.loads((await person.tonearm("keys", "create", "backup", "--json"))[0])
    assert (made["scopes"], made["key"][:8]) == (["read"], "tonearm_")
    assert key_id in (await person.tonearm("keys", "revoke", key_id[:-3]))[0]
    await person.tonearm("keys", "revoke", key_id, code=4)
    await person.tonearm("keys", "create", "x", "--scope", "account", code=2)


async def test_sessions_are_listed_and_ended(person: Person) -> None:
    lines = (await person.tonearm("sessions"))[0].splitlines()
    assert len([line for line in lines if line.endswith("this one")]) == 1
    other = next(line.split()[0] for line in lines if not line.endswith("this one"))
    assert other in (await person.tonearm("sessions", "end", other[:-2]))[0]
    assert other not in (await person.tonearm("sessions"))[0]
    await person.tonearm("sessions", "end", other, code=4)


async def test_which_mails_come_is_shown_and_chosen(person: Person) -> None:
    assert (await person.tonearm("preferences"))[0] == "mails  all: about each job\nlinks  no\n"
    out, _ = await person.tonearm("preferences", "--mails", "failures", "--links")
    assert out == "mails  failures: about jobs that failed\nlinks  yes\n"
    await person.tonearm("preferences", "--no-links")
    assert (await person.http.get("/preferences")).json() == {"mails": "failures", "links": False}
    await person.tonearm("preferences", "--mails", "some", code=2)
