import json

from events.timing.pauses import Pause, Pauses, packed
from tests.cli.person import Person


async def test_pauses_are_printed_as_chapters_are_given(person: Person) -> None:
    job_id = await person.uploads("talk.mp4?start=60")
    found = packed(Pauses((Pause(0.0, 3.0), Pause(10.0, 13.0), Pause(20.0, 21.0))))
    await person.site.gateway.convert(
        job_id, person.account_id, b"audio", pauses=found, duration_seconds=30.0
    )
    await person.comes_to(job_id, "converted")
    assert (await person.types("pauses", job_id[:-1]))[0] == "0:00\n1:12.6\n"
    assert (await person.types("pauses", job_id, "--shortest", "1"))[0] == "0:00\n1:12.6\n1:20.6\n"
    told = json.loads((await person.types("pauses", job_id, "--json"))[0])
    assert [each["video_begins"] for each in told["pauses"]] == [None, 72.6, 80.6]
    await person.types("pauses", job_id, "--shortest", "9", code=4)
    waits = await person.uploads("waits.mp4")
    await person.types("pauses", waits, code=70)
