"""Bad requests of every kind, made from `/openapi.json`, so that a new route is covered when it is declared.

For each operation: credentials, roles, methods, path ids, query fields, content types, bodies that are no
JSON, and every field with every literal. A literal that the schema certainly refuses must be answered 422;
one that it may take (SQL in a text) may be answered in any way but 5xx.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.bad_values import (
    BAD_IDS,
    CREDENTIALS,
    LITERALS,
    MASS,
    METHODS,
    QUERY_VALUES,
    ROLES,
    TEXTS,
    TYPES,
    WRONG,
)

NOT_5XX = frozenset(range(200, 500))


@dataclass(frozen=True, slots=True)
class BadRequest:
    """One request; `role` signs it in (None: as `headers` say). `statuses` are the answers that are right."""

    kind: str
    method: str
    path: str
    role: str | None
    statuses: frozenset[int]
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def bad_requests(
    openapi: dict[str, Any], path_values: Mapping[str, str], good: Mapping[str, Any]
) -> Iterator[BadRequest]:
    """All of them. `path_values` fill the paths (`id`, and any other that should name something that exists);
    `good` has values for fields that the schema leaves open.
    """
    schemas = openapi["components"]["schemas"]
    for address, methods in openapi["paths"].items():
        values = _values_for(methods, path_values)
        path = address.format(**values)
        for method in METHODS:
            if method.lower() not in methods:
                yield BadRequest(f"{method} {address}", method, path, "admin", frozenset({405}))
        for method, operation in methods.items():
            yield from _of_operation(
                f"{method.upper()} {address}", method.upper(), address, values, operation, schemas, good
            )


def _values_for(methods: dict[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """A well-formed value for each parameter of an address; one that nothing is given for names nothing."""
    parameters = [p for operation in methods.values() for p in operation.get("parameters", ())]
    values = {}
    for name, schema in ((p["name"], p["schema"]) for p in parameters if p["in"] == "path"):
        other = given["id"] if schema.get("format") == "uuid" else "nothing"
        values[name] = given.get(name, "1" if schema.get("type") == "integer" else other)
    return values


def _of_operation(
    name: str,
    method: str,
    address: str,
    path_values: Mapping[str, str],
    operation: dict[str, Any],
    schemas: dict[str, Any],
    good: Mapping[str, Any],
) -> Iterator[BadRequest]:
    path = address.format(**path_values)
    if "x-roles" not in operation:  # public: it has no callers to mistake, only its own tests
        return
    roles = [str(role) for role in operation["x-roles"]]
    for credentials in CREDENTIALS:
        headers = {"Authorization": credentials} if credentials else {}
        yield BadRequest(
            f"{name} as {credentials[:20]!r}", method, path, None, frozenset({401}), headers=headers
        )
    for role in set(ROLES) - set(roles):
        yield BadRequest(f"{name} as {role}", method, path, role, frozenset({403}))
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["schema"].get("format") == "uuid":
            for bad in BAD_IDS:
                bad_path = address.format(**{**path_values, parameter["name"]: bad})
                yield BadRequest(f"{name} id {bad[:40]}", method, bad_path, roles[0], frozenset({404, 405}))
        elif parameter["in"] == "path":
            for bad in ("%00", "a%00b", "x" * 300):
                bad_path = address.format(**{**path_values, parameter["name"]: bad})
                yield BadRequest(
                    f"{name} {parameter['name']} {bad[:9]}", method, bad_path, roles[0], frozenset({404, 422})
                )
    queries = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
    yield from _queries(name, method, path, roles[0], queries)
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        yield from _bodies(name, method, path, roles[0], _resolved(schema, schemas), schemas, good)


def _queries(
    name: str, method: str, path: str, role: str, queries: list[dict[str, Any]]
) -> Iterator[BadRequest]:
    if not queries:
        return
    base = {p["name"]: "1" for p in queries if p["required"]}
    for parameter in queries:
        others = "&".join(f"{key}={value}" for key, value in base.items() if key != parameter["name"])
        numeric = parameter["schema"].get("type") in ("number", "integer")
        for value in QUERY_VALUES:
            numeral = value in ("-1", "0", "5.0", "5e-324", " ")
            refused = value in ("%00", "%ff", "%ed%a0%80") or (numeric and not numeral)
            yield BadRequest(
                f"{name}?{parameter['name']}={value[:24]}",
                method,
                f"{path}?{others}&{parameter['name']}={value}",
                role,
                frozenset({422}) if refused else NOT_5XX,
            )
    rest = "&".join(f"{key}={value}" for key, value in base.items())
    first = queries[0]["name"]
    for query in (
        f"{first}=1&{first}=1",
        f"{rest}&token=x",
        f"{rest}&nope=1",
        "&".join(f"f{n}" for n in range(99)),
    ):
        yield BadRequest(f"{name}?{query[:30]}", method, f"{path}?{query}", role, frozenset({422}))


def _bodies(
    name: str,
    method: str,
    path: str,
    role: str,
    schema: dict[str, Any],
    schemas: dict[str, Any],
    good: Mapping[str, Any],
) -> Iterator[BadRequest]:
    as_json = {"Content-Type": "application/json"}

    def request(kind: str, body: bytes, statuses: frozenset[int]) -> BadRequest:
        return BadRequest(f"{name} {kind}", method, path, role, statuses, body, as_json)

    refused = frozenset({422})
    for kind, body in TEXTS:
        yield request(kind, body, refused)
    yield request("300 KB", b'{"notes": "' + b"x" * 300_000 + b'"}', frozenset({413}))
    for media_type in TYPES:
        headers = {"Content-Type": media_type}
        yield BadRequest(f"{name} as {media_type}", method, path, role, frozenset({415}), b"{}", headers)
    if "properties" not in schema:
        return
    fields = {key: _resolved(value, schemas) for key, value in schema["properties"].items()}
    base = {key: good[key] if key in good else _plain(fields[key]) for key in schema.get("required", ())}
    for key in base:
        yield request(f"no {key}", json.dumps({k: v for k, v in base.items() if k != key}).encode(), refused)
    for key, shape in fields.items():
        rest = json.dumps({other: value for other, value in base.items() if other != key})[:-1]
        for literal, value in LITERALS:
            body = f'{rest}{", " if len(rest) > 1 else ""}"{key}": {literal}}}'.encode()
            certain = value is WRONG or not _may_take(shape, value, schemas)
            yield request(f"{key}: {literal[:24]}", body, refused if certain else NOT_5XX)
    for key in MASS:
        if key not in fields and not (key == "proId" and "pro_id" in fields):
            yield request(f"with {key[:24]!r}", json.dumps({**base, key: 1}).encode(), refused)
    for key in ("status", "role"):
        if key not in fields:
            yield request(f"with {key}", json.dumps({**base, key: "completed"}).encode(), refused)


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return schemas[reference.rpartition("/")[2]] if reference else schema


def _plain(shape: dict[str, Any]) -> Any:
    """Some value that the schema takes."""
    kind = shape.get("type")
    if "enum" in shape:
        return shape["enum"][0]
    return {"string": "some text", "number": 1.5, "integer": 1, "boolean": False}.get(str(kind))


def _may_take(shape: dict[str, Any], value: Any, schemas: dict[str, Any]) -> bool:
    """Whether the schema could accept a value; the formats of texts are not judged."""
    if "anyOf" in shape:
        return any(_may_take(_resolved(one, schemas), value, schemas) for one in shape["anyOf"])
    if "enum" in shape:
        return value in shape["enum"]
    kinds = shape.get("type", [])
    kind = _kind(value)
    allowed = {kinds} if isinstance(kinds, str) else set(kinds)
    if not (kind in allowed or (kind == "integer" and "number" in allowed)):
        return False
    if kind in ("integer", "number"):
        return bool(
            shape.get("minimum", value) <= value <= shape.get("maximum", value)
            and (value > shape["exclusiveMinimum"] if "exclusiveMinimum" in shape else True)
        )
    if kind == "string":
        return bool(shape.get("minLength", 0) <= len(value) <= shape.get("maxLength", len(value)))
    if kind == "array" and "items" in shape:
        return all(_may_take(_resolved(shape["items"], schemas), item, schemas) for item in value)
    return not (kind == "object" and shape.get("additionalProperties") is False and value)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]
