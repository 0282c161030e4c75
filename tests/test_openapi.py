"""OpenAPI 3.1 says what the server does, because both are made from one declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from api.openapi import build_openapi, possible_problems
from api.routing import Endpoint
from api.serving import routes_for
from api.site import all_endpoints
from tests.sample_api import ENDPOINTS, authenticate, broken, note, tip

SAMPLE = build_openapi(ENDPOINTS, version="1.2.3", server="https://go.example/tracking")
JSON = "application/json"
# design.md §7: "Existing clients already call the first five, exactly so", and what else this release has.
PROMISED = {
    ("POST", "/api/jobs/{id}/status"),
    ("POST", "/api/jobs/{id}/accept"),
    ("GET", "/api/hauler/feed"),
    ("POST", "/api/hauler/location"),
    ("POST", "/api/jobs"),
    ("GET", "/api/jobs/{id}"),
    ("GET", "/api/jobs/{id}/trail"),
    ("POST", "/api/jobs/{id}/release"),
    ("POST", "/api/jobs/{id}/tracking-link"),
    ("DELETE", "/api/jobs/{id}/tracking-link"),
}


def references(part: Any) -> Iterator[str]:
    """Every $ref in a document."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from references(item)


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """All operations by method and path."""
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


@pytest.mark.parametrize("endpoints", [ENDPOINTS, all_endpoints()], ids=["sample", "application"])
def test_the_document_is_whole(endpoints: list[Endpoint]) -> None:
    document = build_openapi(endpoints, version="1", server="http://x")
    assert document["openapi"] == "3.1.0"
    assert msgspec.json.decode(msgspec.json.encode(document)) == document
    for reference in references(document):
        at: Any = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
        assert "enum" in at or at["type"] == "object"
    described = operations(document)
    assert set(described) == {(one.method, one.plain_path) for one in endpoints}
    paths = {route.path for route in routes_for(endpoints, services=None, authenticate=authenticate)}
    assert set(document["paths"]) == paths
    for (method, path), operation in described.items():
        assert operation["summary"].endswith("."), path
        named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert all(f"{{{name}}}" in path for name in named)
        assert path.count("{") == len(named)
        assert any(status < "300" for status in operation["responses"])
        assert "500" in operation["responses"]
        assert ("requestBody" in operation) <= (method in ("POST", "PUT", "PATCH"))
        for way in operation["security"]:
            assert set(way) <= set(document["components"]["securitySchemes"])


def test_the_routes_that_clients_rely_on_are_there() -> None:
    described = operations(build_openapi(all_endpoints(), version="1", server="http://x"))
    assert set(described) >= PROMISED


def test_a_body_and_its_ranges_are_the_ones_that_are_checked() -> None:
    body = SAMPLE["components"]["schemas"]["TipBody"]
    assert body["additionalProperties"] is False
    assert body["required"] == ["lat", "lng", "stars"]
    assert (body["properties"]["stars"]["minimum"], body["properties"]["stars"]["maximum"]) == (1, 5)
    assert body["properties"]["lat"]["description"] == "Degrees north, WGS84."
    assert body["properties"]["occurred_at"]["anyOf"][0]["format"] == "date-time"


def test_parameters_tell_their_kind_default_and_range() -> None:
    described = operations(SAMPLE)
    near = {one["name"]: one for one in described["GET", "/api/near"]["parameters"]}
    assert near["lat"]["required"] is True
    assert near["radius_miles"] == {
        "name": "radius_miles",
        "in": "query",
        "required": False,
        "schema": {"type": "number", "default": 20.0},
    }
    assert near["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
    (job_id,) = described["POST", "/api/jobs/{id}/tip"]["parameters"]
    assert job_id["schema"] == {"type": "string", "format": "uuid"}
    (number,) = described["DELETE", "/api/notes/{number}"]["parameters"]
    assert number["schema"]["type"] == "integer"


def test_refusals_are_listed_by_status_with_their_codes() -> None:
    answers = operations(SAMPLE)["POST", "/api/jobs/{id}/tip"]["responses"]
    assert set(answers) == {
        "200",
        "401",
        "403",
        "404",
        "408",
        "409",
        "413",
        "415",
        "422",
        "429",
        "500",
        "503",
    }
    assert "`too_late`: Somebody else was faster." in answers["409"]["description"]
    assert set(operations(SAMPLE)["GET", "/api/broken"]["responses"]) == {"200", "500", "503"}
    assert len(possible_problems(tip)) == len({kind.code for kind in possible_problems(tip)})


def test_who_may_call_is_said() -> None:
    described = operations(SAMPLE)
    assert described["POST", "/api/jobs/{id}/tip"]["x-roles"] == ["customer", "pro"]
    assert described["GET", "/api/jobs/{id}"]["security"] == [{"token": []}, {"link": []}]
    assert described["GET", "/api/broken"]["security"] == []


def test_an_answer_without_content_has_none_in_the_document() -> None:
    assert "content" not in operations(SAMPLE)["DELETE", "/api/notes/{number}"]["responses"]["204"]


def test_a_loosely_read_body_is_shown_as_what_it_should_be() -> None:
    described = operations(build_openapi([replace(note, body_schema=tip.body)], version="1", server="/"))
    content = described["POST", "/api/notes/{number}"]["requestBody"]["content"]
    assert content[JSON]["schema"] == {"$ref": "#/components/schemas/TipBody"}


def test_two_handlers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="broken"):
        build_openapi([broken, replace(broken, path="/api/other")], version="1", server="/")


def patterns_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "pattern" and isinstance(value, str))
        part = list(part.values())
    if isinstance(part, list):
        yield from (pattern for one in part for pattern in patterns_in(one))


def test_no_pattern_lets_a_line_feed_through_at_the_end() -> None:
    """Python's `$` alone also stands before a last line feed."""
    document = build_openapi(all_endpoints(), version="1", server="http://x")
    patterns = set(patterns_in(document))
    lines = {pattern for pattern in patterns if re.search(pattern, "a\nb")}  # a text that may have several
    guarded = {one for one in patterns - lines if one.endswith((r"(?!\n)$", r"$(?!\n)", r"\Z"))}
    assert len(guarded) > 5
    assert patterns - lines - guarded == set()
