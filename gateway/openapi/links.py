"""Links of the OpenAPI document: an answer with a job leads to the calls that take one."""

from gateway.http.contract import Json
from gateway.openapi.schemas import REFERENCE

_WITH_JOB = frozenset(REFERENCE.format(name=name) for name in ("Accepted", "Job"))
_JOB = "/jobs/{job_id}"


def link(document: Json) -> None:
    """Add to each answer with a job the calls on that job, by their names."""
    links = {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {"job_id": "$response.body#/job_id"},
        }
        for path, item in document["paths"].items()
        for operation in item.values()
        if path.startswith(_JOB)
    }
    document["components"]["links"] = links
    named = {name: {"$ref": f"#/components/links/{name}"} for name in links}
    for item in document["paths"].values():
        for operation in item.values():
            for response in operation["responses"].values():
                if any(
                    each["schema"].get("$ref") in _WITH_JOB for each in response.get("content", {}).values()
                ):
                    response["links"] = named
