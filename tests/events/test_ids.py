from datetime import UTC, datetime
from uuid import UUID

import pytest

from auth.announcements import event_of
from events.envelope import Event, consequence, fact, job_event
from events.ids import event_id, is_id, new_id
from tests.events.strategies import JOB, OWNER, PAYLOADS
from tests.events.test_envelope import GOLDEN

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OCCASION = "0199a1b2-0000-7000-8000-0000000000cc"
IDS = {
    "job.uploaded": "688247e5-f754-5881-80b4-d6d7d501da59",
    "job.started": "62409eb0-4db6-5b60-b171-5a093d4048b0",
    "job.probed": "ae17b4e0-e3a7-57e0-8673-67890b8be2af",
    "job.retrying": "7f7cc3e7-bbea-5f67-8fd5-713816bfbd05",
    "job.converted": "11ce57b7-dfed-5f3c-a663-21fcee0452bc",
    "job.failed": "dc07d9f6-fb1d-51e3-bf19-8243ff4fdad0",
    "job.notified": "7a0ef60e-33f2-5fe5-b833-508881941daf",
    "job.notification_failed": "707b3277-3256-52d0-b539-56a32b78269a",
    "job.cancelled": "0b29688a-2516-53b2-abae-c259fc9f0868",
    "job.requeued": "14e4c8ca-bf5d-5873-b605-770ea154e531",
    "job.deleted": "af23492f-f0dd-5973-be6a-3dfafa9e172f",
    "job.notification_declined": "1e7aa8fc-6083-569e-b2d2-66879c093044",
    "job.video_removed": "948b7b61-7d12-5736-b226-71eae8a20bd1",
    "job.audio_removed": "abfd73af-7b6c-542e-9016-41916b2a03a9",
    "job.erased": "87b25b05-9d3f-563d-8d92-482c59e20aca",
    "account.registered": "0a93944b-7765-520c-b1ca-df0434cb39f5",
    "account.signed_in": "8741e7d1-ac19-5c12-a0a2-f820db8ad127",
    "account.sign_in_refused": "8096087c-957e-5689-9f8e-44b0d7ca771e",
    "account.changed": "f356ab20-681e-5117-8ffa-57740eb75a64",
    "account.revoked": "2f20405e-5fb3-5065-9882-47b7f4a7bc92",
    "account.erased": "7ca31d59-8af0-546e-a9e4-40caa4ff7073",
    "account.letter_requested": "6eb3d159-7179-5011-abe9-e1322e1aaa5e",
    "account.notified": "dbc96ebc-9fe9-54b4-9fcf-6cda4a8deb6a",
    "account.notification_failed": "10f721d9-eb0a-5e15-bbca-a2f36dc2fbcf",
    "job.linked": "00d239b9-1a3a-597a-b3c7-8479b3e07be4",
    "job.unlinked": "bf9341f4-e0cf-5a19-af7d-1e1e2aaf1d87",
    "job.transcript_added": "21297a29-e01f-53d0-92c4-b855cae00a78",
    "job.transcript_removed": "2dd041f9-613f-57a1-b8b7-8c92d14282d5",
    "hook.created": "55628826-ec21-58be-bb9c-f69fa3c7873c",
    "hook.deleted": "9c87c815-4f60-55fe-903b-b5456e3e79e0",
    "hook.requested": "527e1dd9-6b5e-5f96-9b10-0d7cdc48004b",
    "hook.delivered": "2b3dd175-f262-5e9f-ae7e-d11acf03652a",
    "hook.delivery_failed": "b9061d03-430b-571c-a40d-4fec543e3609",
    "hook.disabled": "662cf1e3-9931-5c2e-98ce-06cbac39d44d",
    "hook.notified": "11393835-15f1-52fe-9b49-182c3b809a5f",
    "hook.notification_failed": "5bdf1496-6c96-5e66-a615-d0143e0af2d9",
    "feed.created": "5fc751b3-8fcd-5d23-ace1-f355cf063185",
    "feed.revoked": "0fe1fec6-48b9-5b3f-b2a6-a7f5592fae62",
    "import.requested": "726ef674-9b9f-5326-b880-bc1f64b2e462",
    "import.failed": "abbc2fee-535d-5e7c-8a3c-48392ddeb4a2",
    "import.cancelled": "f37cfdef-ab5c-58e6-8374-24812b14201a",
}
"""One event of every type, made of its golden payload. Another id would make a second event of a retry."""


def made(type_: str) -> Event:
    """The event as its publisher makes it."""
    payload = GOLDEN[type_, 1]
    match type_:
        case "account.signed_in" | "account.registered" | "account.erased":
            return event_of(OWNER, payload, NOW)
        case "account.notified" | "account.notification_failed":
            return consequence(made("account.letter_requested"), payload, source="")
        case "hook.notified" | "hook.notification_failed":
            return consequence(made("hook.disabled"), payload, source="")
        case _ if type_.startswith(("hook.", "feed.", "import.")):
            return fact(payload, subject=JOB, account=OWNER, source="")
        case "job.erased":
            return consequence(made("job.deleted"), payload, source="")
        case _ if type_.startswith("account."):
            return event_of(OWNER, payload, NOW, OCCASION)
        case _:
            return job_event(payload, job_id=JOB, account=OWNER, source="")


@pytest.mark.parametrize("type_", [payload.TYPE for payload in PAYLOADS])
def test_every_type_is_named_as_ever(type_: str):
    assert made(type_).id == IDS[type_]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("job.uploaded",), "688247e5-f754-5881-80b4-d6d7d501da59"),
        (("job.started", 1, 2), "62409eb0-4db6-5b60-b171-5a093d4048b0"),
        (("job.converted", 1), "11ce57b7-dfed-5f3c-a663-21fcee0452bc"),
        (("job.notified", 1, "job.converted"), "7a0ef60e-33f2-5fe5-b833-508881941daf"),
    ],
)
def test_an_events_id_is_the_same_for_ever(parts: tuple[str | int, ...], expected: str):
    type_, *rest = parts
    assert event_id(JOB, str(type_), *rest) == expected


def test_every_part_of_an_id_counts():
    ids = {
        event_id(*parts) for parts in [("a", "t"), ("b", "t"), ("a", "u"), ("a", "t", 1), ("a", "t", 1, 1)]
    }
    assert len(ids) == 5


def test_new_ids_sort_by_the_time_of_their_making():
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert {UUID(id_).version for id_ in ids} == {7}


@pytest.mark.parametrize(
    "text",
    ["", "a\0b", "\ud800", JOB.upper(), f"{{{JOB}}}", JOB.replace("-", ""), JOB.replace("0", "\u0660")],
)
def test_an_id_is_written_in_one_way_only(text: str):
    assert is_id(new_id())
    assert is_id(JOB)
    assert not is_id(text)
