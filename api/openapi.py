"""OpenAPI 3.1, built from the same declarations that check the requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from api.problems import MEDIA_TYPE, Internal, SlowBody, TooLarge, UnsupportedMediaType
from api.routing import Endpoint
from api.shapes import Answer, schema_custom
from db.errors import Busy, Forbidden, Invalid, NotFound, Problem, Unauthorized, Unavailable

_KINDS: dict[str, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
    "str": {"type": "string", "minLength": 1, "maxLength": 256},
}


class ProblemAnswer(Answer):
    """RFC 9457. Switch on `code`; some problems carry further members, such as `field` or `allowed`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    retry: bool
    instance: str


def build_openapi(endpoints: Sequence[Endpoint], *, version: str, server: str) -> dict[str, Any]:
    """The document. Raises ValueError when two handlers share a name, because that is the operationId."""
    names = [one.name for one in endpoints]
    if twins := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two endpoints are handled by functions named {sorted(twins)}")
    types = list(_types(endpoints))
    shapes, components = msgspec.json.schema_components(
        types, schema_hook=schema_custom, ref_template="#/components/schemas/{name}"
    )
    schemas = dict(zip(map(repr, types), shapes, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.plain_path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tracker",
            "version": version,
            "description": "Live tracking and dispatch. Request bodies may use snake_case or camelCase keys;"
            " answers are snake_case. Times are ISO 8601 in UTC.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "link": {
                    "type": "http",
                    "scheme": "link",
                    "description": "A tracking link: `Authorization: Link <the last part of its address>`."
                    " One that the customer passed on opens only what says `x-shared-links`.",
                },
            },
        },
    }


def _types(endpoints: Iterable[Endpoint]) -> Iterable[Any]:
    yield ProblemAnswer
    for one in endpoints:
        yield from (shape for shape in (one.body_schema or one.body, one.answer) if shape is not None)
        if one.query is not None:
            yield from (field.type for field in msgspec.structs.fields(one.query))


def _operation(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [_tag(one.plain_path)],
        "parameters": [*_path_parameters(one), *_query_parameters(one, schemas)],
        "responses": _responses(one, schemas),
        "security": [],
    }
    if one.roles is not None:
        operation["security"] = [{"token": []}, *([{"link": []}] if one.links else [])]
        operation["x-roles"] = sorted(one.roles)
        operation["x-shared-links"] = one.shared
    if one.body is not None:
        shape = schemas[repr(one.body_schema or one.body)]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": shape}}}
    if one.raw is not None:  # OpenAPI 3.1 describes bytes by their media type alone
        operation["requestBody"] = {
            "required": True,
            "content": {media_type: {} for media_type in one.raw.media_types or ("*/*",)},
        }
    return operation


def _path_parameters(one: Endpoint) -> Iterable[dict[str, Any]]:
    for name, kind in one.parameters.items():
        yield {"name": name, "in": "path", "required": True, "schema": _KINDS[kind]}


def _query_parameters(one: Endpoint, schemas: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if one.query is None:
        return
    for field in msgspec.structs.fields(one.query):
        schema = dict(schemas[repr(field.type)])
        if field.default is not msgspec.NODEFAULT and field.default is not None:
            schema["default"] = field.default
        yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}


def _responses(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(one.status).phrase}
    if one.answer is not None:
        good["content"] = {"application/json": {"schema": schemas[repr(one.answer)]}}
    if one.csv:
        good["content"]["text/csv"] = {}
    by_status: dict[int, list[type[Problem]]] = {}
    for kind in possible_problems(one):
        by_status.setdefault(kind.status, []).append(kind)
    refusals = {
        str(status): {
            "description": " ".join(f"`{kind.code}`: {first_line(kind)}" for kind in kinds),
            "content": {MEDIA_TYPE: {"schema": schemas[repr(ProblemAnswer)]}},
        }
        for status, kinds in sorted(by_status.items())
    }
    return {str(one.status): good, **refusals}


def possible_problems(one: Endpoint) -> list[type[Problem]]:
    """The declared problems and those that come with what was declared, each code once."""
    kinds: list[type[Problem]] = [*one.problems]
    if one.roles is not None:
        kinds += [Unauthorized, Forbidden, Busy]
    if one.parameters:
        kinds.append(NotFound)
    if one.query is not None or one.body is not None:
        kinds.append(Invalid)
    if one.body is not None or one.raw is not None:
        kinds += [UnsupportedMediaType, TooLarge, SlowBody]
    kinds += [Unavailable, Internal]
    return list({(kind.status, kind.code): kind for kind in reversed(kinds)}.values())[::-1]


def first_line(kind: type[Problem]) -> str:
    """A problem's sentence, as the answer says it when nothing more is known."""
    return (kind.__doc__ or "").strip().splitlines()[0]


def _tag(path: str) -> str:
    """`/api/jobs/{id}/status` → `jobs`."""
    return path.removeprefix("/api/").strip("/").split("/")[0]
