"""`tonearm hooks` as people type it, against real services. What the notifier would tell, the test tells."""

import asyncio
import json

from waiting import wait_for

from events.envelope import fact
from events.ids import new_id
from events.log.publisher import Publisher
from events.types import DeliveryFailure, HookDelivered, HookDeliveryFailed, HookPayload, HookRequested
from tests.cli.person import Person, ids

URL = "https://receiver.invalid/hook"
HOSTILE = f"{URL}?%1B[31m\u202e"


async def tell(person: Person, hook_id: str, *payloads: HookPayload) -> None:
    async with Publisher(person.site.gateway.broker.url, name="test") as publisher:
        for each in payloads:
            await publisher.publish(fact(each, subject=hook_id, account=person.account_id, source="test"))


async def asked_for(person: Person, hook_id: str, known: int = 0) -> str:
    """Return the latest delivery, once there are more than are known."""
    path = f"/webhooks/{hook_id}/deliveries"

    async def there() -> bool:
        return len((await person.http.get(path)).json()["items"]) > known

    await wait_for(there)
    return str((await person.http.get(path)).json()["items"][0]["delivery_id"])


async def test_webhooks_are_made_listed_exchanged_and_deleted(person: Person) -> None:
    assert "you have no webhooks" in (await person.tonearm("hooks", "list", code=4))[1]
    secret, said = await person.tonearm("hooks", "create", URL, "--event", "job.failed")
    assert secret.startswith("whsec_")
    hook_id = said.split()[1].rstrip(";")
    assert ids((await person.tonearm("hooks", "list"))[0]) == [hook_id]
    assert "job.failed  at work" in (await person.tonearm("hooks", "list"))[0]
    new, _ = await person.tonearm("hooks", "secret", hook_id[:20])
    assert new.startswith("whsec_")
    assert new != secret
    made = json.loads((await person.tonearm("hooks", "create", HOSTILE, "--json"))[0])
    out, _ = await person.tonearm("hooks", "list")
    assert not {"\x1b", "\u202e"} & set(out)
    listed = [json.loads(line) for line in (await person.tonearm("hooks", "list", "--json"))[0].splitlines()]
    assert listed == (await person.http.get("/webhooks")).json()["items"]
    for each in (hook_id, made["webhook_id"]):
        await person.tonearm("hooks", "delete", each)
    await person.tonearm("hooks", "delete", hook_id, code=4)


async def test_an_address_that_cannot_be_is_told(person: Person) -> None:
    _, said = await person.tonearm("hooks", "create", "http://127.0.0.1/", code=2)
    assert "url: the address leads into a network that is not public" in said


async def test_a_test_says_what_became_of_it(person: Person) -> None:
    hook_id = (await person.http.post("/webhooks", json={"url": URL})).json()["webhook_id"]

    async def typed(code: int, known: int, outcome: HookDelivered | HookDeliveryFailed) -> str:
        typing = asyncio.create_task(person.tonearm("hooks", "test", hook_id, code=code))
        delivery_id = await asked_for(person, hook_id, known)
        told = {name: getattr(outcome, name) for name in outcome.__struct_fields__}
        await tell(person, hook_id, type(outcome)(**{**told, "delivery_id": delivery_id}))
        return (await typing)[0]

    good = await typed(0, 0, HookDelivered(delivery_id="", attempt=1, status=204))
    assert "delivered  hook.test" in good
    assert "accepted with 204" in good
    bad = await typed(1, 1, HookDeliveryFailed(delivery_id="", attempt=1, code=DeliveryFailure.TLS))
    assert "failed     hook.test" in bad
    assert bad.rstrip().endswith("the certificate is not good")


async def test_deliveries_are_listed_with_their_attempts(person: Person) -> None:
    hook_id = (await person.http.post("/webhooks", json={"url": URL})).json()["webhook_id"]
    assert "nothing was to be delivered" in (await person.tonearm("hooks", "deliveries", hook_id, code=4))[1]
    asked = [HookRequested(delivery_id=new_id(), about="job.failed", job_id=new_id()) for _ in range(3)]
    failed = HookDeliveryFailed(
        delivery_id=asked[0].delivery_id, attempt=1, code=DeliveryFailure.STATUS, status=503, again_in=300.0
    )
    await tell(person, hook_id, asked[0], failed, *asked[1:])
    await asked_for(person, hook_id, 2)
    out, _ = await person.tonearm("hooks", "deliveries", hook_id)
    assert "answered with 503\n" in out
    assert "    next     " in out
    newest, _ = await person.tonearm("hooks", "deliveries", hook_id, "-n", "1")
    assert ids(newest) == [asked[-1].delivery_id]
