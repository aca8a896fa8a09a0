"""A person's jobs as the API shows them, to be compared with those of another time or another stack."""

from typing import Any

from infra.drills.rig.people import Person


async def jobs(person: Person) -> dict[str, dict[str, Any]]:
    """Return what a person sees of each job, by id; without offsets, of which another log has others."""
    items = (await person.get("/jobs?limit=100")).json()["items"]
    return {item["job_id"]: _without_offsets(item) for item in items}


def _without_offsets(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_offsets(each) for key, each in value.items() if key != "offset"}
        case list():
            return [_without_offsets(each) for each in value]
        case _:
            return value
