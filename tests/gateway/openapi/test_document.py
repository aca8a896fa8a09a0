"""The OpenAPI document says what the routes do: who may call, what goes in, what comes out, how it fails."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator, validate

from events.options import MEDIA_TYPES, ZIP, Format
from events.wishes import TAGS
from gateway.app import litestar_app
from gateway.schemas import parts_of_nothing
from gateway.uploads import options
from gateway.uploads.options import FIELDS
from tests.gateway.test_routes import OPEN_TO_ALL

PROBLEM = {"$ref": "#/components/schemas/Problem"}
REFERENCE = {"type": "object", "properties": {"$ref": {"type": "string"}}, "required": ["$ref"]}
CONTENT = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-z]+/[a-z0-9.+-]+(; codecs=[a-z]+)?$"},
    "additionalProperties": {"type": "object", "required": ["schema"]},
}
OPERATION = {
    "type": "object",
    "required": ["operationId", "description", "tags", "responses"],
    "properties": {
        "parameters": {
            "items": {
                "required": ["name", "in", "schema"],
                "properties": {"in": {"enum": ["path", "query", "header"]}},
            }
        },
        "requestBody": {"required": ["content"], "properties": {"content": CONTENT}},
        "responses": {
            "propertyNames": {"pattern": "^([1-5][0-9][0-9]|default)$"},
            "additionalProperties": {
                "required": ["description"],
                "properties": {
                    "content": CONTENT,
                    "headers": {"additionalProperties": {"required": ["schema"]}},
                },
            },
        },
        "security": {"type": "array", "items": {"additionalProperties": {"type": "array"}}},
    },
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return litestar_app(parts_of_nothing()).openapi_schema.to_schema()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def everywhere(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from everywhere(each)


def test_the_document_has_the_form_of_one(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    for method, path, operation in operations(document):
        validate(operation, OPERATION)
        named = [(each["in"], each["name"]) for each in operation.get("parameters", [])]
        assert len(named) == len(set(named)), (method, path)
        assert {n for where, n in named if where == "path"} == {
            part[1:-1] for part in path.split("/") if part.startswith("{")
        }
    for node in everywhere(document):
        if isinstance(node.get("schema"), dict):
            Draft202012Validator.check_schema(node["schema"])
        if isinstance(reference := node.get("$ref"), str):
            at: Any = document
            for step in reference.removeprefix("#/").split("/"):
                at = at[step]
            Draft202012Validator.check_schema(at)
        for scheme in (name for each in node.get("security", []) for name in each):
            assert scheme in document["components"]["securitySchemes"]


def test_operations_have_names_for_programs_and_a_line_for_people(document: dict[str, Any]) -> None:
    named = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(named) == len(set(named))
    assert {"listJobs", "getJob", "uploadVideo", "downloadJobAudio", "createApiKey"} <= set(named)
    for method, path, operation in operations(document):
        assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", operation["operationId"]), (method, path)
        assert 5 < len(operation["summary"]) < 100, (method, path)
        assert not operation["summary"].endswith("."), (method, path)


def test_videos_and_audio_come_first_in_the_document(document: dict[str, Any]) -> None:
    names = [each["name"] for each in document["tags"]]
    assert names[:3] == ["uploads", "jobs", "audio"]
    assert set(names) == {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    assert all(each["description"] for each in document["tags"])


def test_what_has_no_body_has_none_here_and_no_address_holds_null(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status in {"204", "303", "304"} & set(operation["responses"]):
            assert "content" not in operation["responses"][status], (method, path, status)
        for each in operation.get("parameters", ()):
            assert "null" not in repr(each["schema"]), (method, path, each["name"])
            assert None not in each["schema"].get("enum", ()), (method, path, each["name"])
    kinds = document["components"]["schemas"]
    for name in ("video", "audio", "error"):
        assert {"type": "null"} in kinds["Job"]["properties"][name]["anyOf"]
    assert kinds["Job"]["properties"]["created"]["format"] == "date-time"


def test_every_route_says_who_may_call_it(document: dict[str, Any]) -> None:
    assert document["security"] == [{"token": []}]
    for method, path, operation in operations(document):
        security = operation.get("security", document["security"])
        if path in OPEN_TO_ALL or method == "options":
            assert not any(scopes for each in security for scopes in each.values()), (method, path)
            assert security == [] or path in ("/login", "/logout", "/refresh")
        else:
            [scope] = security[0]["token"]
            assert scope in ("read", "upload", "manage", "operate", "admin", "account"), (method, path)
            assert {"401", "403", "503"} <= set(operation["responses"]), (method, path)
            assert ({"password": []} in security) == path.endswith(
                ("/audio", "/download", "/archive.zip", "/archives/{archive_id}")
            )
    assert document["paths"]["/login"]["post"]["security"] == [{"password": []}, {}]


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    assert set(document["components"]["schemas"]["Problem"]["required"]) == {
        "type",
        "title",
        "status",
        "detail",
        "instance",
    }
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if (status == "default" or int(status) >= 400) and method != "head":
                assert set(answer["content"]) == {"application/problem+json"}, (method, path, status)
                assert answer["content"]["application/problem+json"]["schema"] == PROBLEM


def test_every_error_shows_the_problems_that_it_may_be(document: dict[str, Any]) -> None:
    shown = document["components"]["examples"]
    shape = document["components"]["schemas"]["Problem"]
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if method == "head" or status == "default" or int(status) < 400:
                continue
            examples = answer["content"]["application/problem+json"]["examples"]
            found = [shown[each["$ref"].rpartition("/")[2]] for each in examples.values()]
            assert answer["description"] == "; ".join(each["summary"] for each in found), (method, path)
            for each in found:
                validate(each["value"], shape)
                assert each["value"]["status"] == int(status), (method, path)


def test_no_answer_is_described_by_the_framework(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            assert answer["description"], (method, path, status)
            known = {each.value: each.description for each in HTTPStatus}
            assert status == "default" or answer["description"] != known.get(int(status))


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/login", {200, 400, 401, 403, 408, 413, 422, 429, 503}),
        ("post", "/register", {201, 202, 400, 403, 408, 413, 422, 429, 503}),
        ("get", "/password/reset", {200, 422}),
        ("post", "/password/reset", {200, 400, 403, 408, 410, 413, 422, 503}),
        ("post", "/upload", {202, 303, 400, 401, 403, 408, 409, 410, 413, 415, 422, 429, 503}),
        ("put", "/upload/{filename}", {202, 303, 400, 401, 403, 408, 409, 410, 413, 422, 429, 503}),
        ("put", "/preset", {200, 400, 401, 403, 408, 422, 429, 503}),
        (
            "post",
            "/jobs/{job_id}/outputs",
            {202, 303, 400, 401, 403, 404, 408, 409, 410, 413, 422, 429, 503},
        ),
        ("get", "/jobs", {200, 304, 401, 403, 422, 429, 503}),
        ("get", "/jobs/{job_id}", {200, 304, 401, 403, 404, 410, 422, 429, 503}),
        ("get", "/jobs/{job_id}/events", {200, 204, 401, 403, 404, 410, 422, 429, 503}),
        ("get", "/download", {200, 206, 304, 401, 403, 404, 409, 410, 412, 416, 422, 429, 503}),
        ("head", "/jobs/{job_id}/audio", {200, 304, 401, 403, 404, 409, 410, 412, 422, 429, 503}),
        ("get", "/health/ready", {200, 422, 503}),
    ],
)
def test_the_statuses_are_those_that_come(
    document: dict[str, Any], method: str, path: str, statuses: set[int]
) -> None:
    found = set(document["paths"][path][method]["responses"])
    assert {str(status) for status in statuses} | {"default"} == found


def test_bodies_and_headers_are_documented(document: dict[str, Any]) -> None:
    paths = document["paths"]
    kinds = document["components"]["schemas"]

    def body(path: str) -> Any:
        schema = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        return kinds[schema["$ref"].rpartition("/")[2]]

    for path in ("/login", "/register"):
        assert body(path)["required"] == ["email", "password"]
    for path, name in (
        ("/register", "password"),
        ("/register/confirm", "password"),
        ("/password", "password"),
    ):
        assert "15 characters" in body(path)["properties"][name]["description"]
    upload = paths["/upload"]["post"]
    assert "Location" in upload["responses"]["202"]["headers"]
    assert "file" in upload["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    for path in ("/download", "/jobs/{job_id}/audio"):
        audio = paths[path]["get"]
        takes = {each["name"] for each in audio["parameters"]}
        assert {"Range", "If-Range", "If-Match", "If-None-Match"} <= takes
        for status in ("200", "206"):
            content = audio["responses"][status]["content"]
            assert set(content) == {"application/octet-stream", *MEDIA_TYPES.values(), ZIP}
            assert {each["schema"]["format"] for each in content.values()} == {"binary"}
        assert {"ETag", "Content-Range"} <= set(audio["responses"]["206"]["headers"])
        assert not {"206", "416"} & set(paths[path]["head"]["responses"])
        assert "content" not in paths[path]["head"]["responses"]["200"]
    for path in ("/events", "/jobs/{job_id}/events"):
        watch = paths[path]["get"]
        assert "Last-Event-ID" in {each["name"] for each in watch["parameters"]}
        assert set(watch["responses"]["200"]["content"]) == {"text/event-stream"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/upload"),
        ("put", "/upload/{filename}"),
        ("put", "/preset"),
        ("post", "/jobs/{job_id}/outputs"),
    ],
)
def test_every_option_is_documented_where_it_can_be_given(
    document: dict[str, Any], method: str, path: str
) -> None:
    operation = document["paths"][path][method]
    asked = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
    asked.pop("filename", None)  # an output's own, beside the options
    assert set(asked) == set(FIELDS)
    assert all(each["description"] for each in asked.values())
    kinds = document["components"]["schemas"]
    assert all(each["schema"].get("type") or each["schema"]["$ref"] for each in asked.values())
    assert asked["format"]["schema"]["$ref"] == "#/components/schemas/Format"
    assert set(kinds["Format"]["enum"]) == set(Format)
    assert (asked["speed"]["schema"]["minimum"], asked["speed"]["schema"]["maximum"]) == (0.5, 4)
    assert asked["title"]["schema"]["maxLength"] == 500
    for body in operation.get("requestBody", {}).get("content", {}).values():
        if "properties" in body["schema"]:
            assert list(body["schema"]["properties"]) == [*asked, "options", "file"]
    others = [each for name, each in document["paths"][path].items() if name != method]
    assert not any(each["in"] == "query" for other in others for each in other.get("parameters", []))


@pytest.mark.parametrize(("method", "path"), [("put", "/preset"), ("post", "/jobs/{job_id}/outputs")])
def test_options_are_documented_as_json_in_the_shape_that_answers_show(
    document: dict[str, Any], method: str, path: str
) -> None:
    content = document["paths"][path][method]["requestBody"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/WantedOptions"}}}
    wanted = document["components"]["schemas"]["WantedOptions"]
    assert wanted["examples"]
    for each in wanted["examples"]:
        validate(each, {**wanted, "components": document["components"]})
        assert options.read(options.from_json(msgspec.json.encode(each)))
    shown = {name: each for name, each in wanted["properties"].items() if name != "tags"}
    assert {*shown, *wanted["properties"]["tags"]["properties"]} == set(FIELDS)
    assert set(wanted["properties"]["tags"]["properties"]) == set(TAGS)
    assert not any("default" in each for each in everywhere(wanted["properties"]) if "type" in each)


def test_an_answer_with_a_job_leads_to_the_calls_on_it(document: dict[str, Any]) -> None:
    leading = {
        operation["operationId"]: set(response["links"])
        for _, _, operation in operations(document)
        for response in operation["responses"].values()
        if "links" in response
    }
    assert {"uploadVideo", "uploadVideoBytes", "createOutput", "getJob", "cancelJob"} <= set(leading)
    named = {operation["operationId"]: path for _, path, operation in operations(document)}
    for links in leading.values():
        assert {"getJob", "downloadJobAudio", "deleteJob"} <= links
        assert all("{job_id}" in named[name] for name in links)
