"""Bad input gets a typed 4xx: never a 5xx, never a call of the handler, never a half-understood value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx

from tests.sample_api import JOB, Services, calling, sample_app

TIP = f"/api/jobs/{JOB}/tip"
GOOD = {"lat": 53.4, "lng": -2.9, "stars": 5}
SQL = ["'; DROP TABLE jobs;--", "1 OR 1=1", "\\'", "%27--", "$1", "{{7*7}}", "../../etc/passwd", "<script>"]


def body_with(field: str, literal: str) -> bytes:
    """A good body in which one field has a literal of our choosing, which `json.dumps` could not write."""
    rest = {name: value for name, value in GOOD.items() if name != field}
    return f'{json.dumps(rest)[:-1]}, "{field}": {literal}}}'.encode()


def raw_bodies() -> Iterator[tuple[str, bytes]]:
    """Bodies that are wrong as texts."""
    yield from {
        "empty": b"",
        "blank": b" \n\t ",
        "an open brace": b"{",
        "an open string": b'{"lat',
        "a trailing comma": b'{"lat": 1,}',
        "two values": b"{} {}",
        "single quotes": b"{'lat': 1}",
        "bare words": b"{lat: 1}",
        "a comment": b'{"lat": 1 /* north */}',
        "an array": b"[]",
        "an array of bodies": b'[{"lat": 1}]',
        "a number": b"5",
        "a text": b'"lat"',
        "null": b"null",
        "true": b"true",
        "NaN alone": b"NaN",
        "bad UTF-8": b'{"comment": "\xff\xfe"}',
        "overlong UTF-8": b'{"comment": "\xc0\x80"}',
        "UTF-8 surrogate": b'{"comment": "\xed\xa0\x80"}',
        "UTF-16": '{"lat": 1}'.encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf{}",
        "a raw control character": b'{"comment": "a\x01b"}',
        "a raw NUL": b'{"comment": "a\x00b"}',
        "a raw newline in a text": b'{"comment": "a\nb"}',
        "a bad escape": b'{"comment": "\\x41"}',
        "a short escape": b'{"comment": "\\u12"}',
        "form data": b"lat=1&lng=2&stars=5",
        "XML": b"<tip><lat>1</lat></tip>",
        "100k brackets": b"[" * 100_000,
        "100k brackets closed": b"[" * 100_000 + b"]" * 100_000,
        "50k objects": b'{"a":' * 50_000,
        "50k objects closed": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        "40 levels": b'{"tags":' + b"[" * 40 + b"]" * 40 + b"}",
        "a repeated key": b'{"lat": 1, "lat": 2, "lng": 1, "stars": 5}',
        "a repeated nested key": b'{"lat": 1, "lng": 1, "stars": 5, "tags": [{"a": 1, "a": 2}]}',
        "one key in two spellings": b'{"lat": 1, "lng": 1, "stars": 5, "proId": "a", "pro_id": "b"}',
    }.items()


def wrong_literals() -> list[str]:
    """Literals that no field of the sample takes."""
    return [
        *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e400", "0x10", "01", "+1", "1.", ".5", "--1"),
        *("9" * 5000, "-" + "9" * 5000, "1" * 5000 + ".5", "1e" + "9" * 5000, "0." + "0" * 5000 + "1e9999"),
        *(str(2**63), str(2**64), str(-(2**63) - 1), str(2**70), "1e309", "9" * 21, "9" * 4301),
        *(
            "undefined",
            "nil",
            "None",
            "True",
            "'a'",
            '"\\u0000"',
            '"a\\u0000b"',
            '"\\ud800"',
            '"\\udc00\\ud800"',
        ),
        *('"\\ud83d"', '{"$gt": 0}', '{"a": 1}', "[[1]]", '[{"lat": 1}]', "{}", "[null, null]"),
    ]


def wrong_values() -> dict[str, list[str]]:
    """For each field, literals that are good JSON and still wrong there."""
    texts = ['""', '"x"', '"NaN"', '"5"', '"5.0"', '" 5"', '"1e3"', '"true"', '"\U0001f600"']
    return {
        "lat": [*texts, "true", "false", "null", "[]", "90.0000001", "-90.0000001", "91", "1e308"],
        "lng": [*texts, "true", "false", "null", "[]", "180.0000001", "-181", "1e308", str(-(2**63))],
        "stars": [
            *(*texts, "true", "false", "null", "[5]", "0", "6", "-1", "5.0", "4.5", "5e0", "1e0"),
            *("2147483648", str(2**31), str(2**32), str(2**53 + 1), str(2**63 - 1), str(-(2**31))),
        ],
        "tip_cents": [*texts, "true", "null", "-1", "100000001", "1.0", "1e2", str(2**31), str(2**63 - 1)],
        "comment": ["5", "true", "[]", json.dumps("x" * 4001), "4.5"],
        "pro_id": ["5", "true", '""', json.dumps("x" * 129), "[]"],
        "occurred_at": [
            *("true", "4.5", "-1", "1e3", '""', '"now"', '"tomorrow"', '"2026-11-21"'),
            *('"08:30"', '"20261121"', str(2**63 - 1), "[]", "{}", json.dumps("2026" * 1000)),
            *('"2026-11-21T08:30:00"', '"2026-13-01T00:00:00Z"', '"2026-02-30T00:00:00Z"', "253402300800000"),
            *('"2026-11-21T25:00:00Z"', '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"'),
            *('"2026-W47-6T08:00:00Z"', '"2026-11-21T08:30:00+99:99"', '"1700000000000"'),
            *('"2026-11-21T08:30:00Z; DROP TABLE jobs"', '"٢٠٢٦-11-21T08:30:00Z"'),
        ],
        "tags": [
            *("5", "true", "null", '"a"', "[1]", "[null]", '[["a"]]', json.dumps(["a"] * 6)),
            json.dumps(["x" * 21]),
        ],
        "paid": ["0", "1", '"true"', '"yes"', "null", "[]"],
    }


def unknown_fields() -> list[str]:
    """Names that a mass assignment would try, and names that only look like ours."""
    return [
        *("status", "version", "final_price", "finalPrice", "price_cents", "role", "id", "created_at"),
        *("__proto__", "constructor", "Lat", "LAT", "lat ", " lat", "l\u0430t", "lat\u200b", "", "0", "_lat"),
        *("pro_Id", "Pro_id", "proID", "ProId", "pro-id", "pro.id", "tip__cents", "x" * 10_000, *SQL),
    ]


def bad_bodies() -> Iterator[tuple[str, bytes]]:
    """Every bad body with its name."""
    yield from raw_bodies()
    for field in ("lat", "lng", "stars", "tip_cents", "comment", "pro_id", "occurred_at", "tags", "paid"):
        for literal in wrong_literals():
            yield f"{field}: {literal[:30]}", body_with(field, literal)
        for literal in wrong_values()[field]:
            yield f"{field}: {literal[:30]}", body_with(field, literal)
    for name in unknown_fields():
        yield f"unknown {name[:30]!r}", json.dumps({**GOOD, name: 1}).encode()
    for name in GOOD:
        yield f"no {name}", json.dumps({key: value for key, value in GOOD.items() if key != name}).encode()


def bad_queries() -> Iterator[str]:
    """Query strings that are wrong."""
    numbers = [
        "nan",
        "NaN",
        "inf",
        "-inf",
        "Infinity",
        "1e999",
        "0x10",
        "1_0",
        "",
        " 1",
        "true",
        "null",
        "--1",
    ]
    for field, good in (("lat", "lng=1"), ("lng", "lat=1"), ("radius_miles", "lat=1&lng=1")):
        for value in [*numbers, "9" * 5000, *SQL, "91x", "%00", "1%00", "%ff", "%ed%a0%80", "%F0%9F%98%80"]:
            yield f"{good}&{field}={value if '%' in value else quote(value)}"
    for value in ["0", "101", "-1", "1.5", "abc", str(2**31), str(2**63), "9" * 5000, "", "nan"]:
        yield f"lat=1&lng=1&limit={value}"
    for value in ["now", "2026-11-21", "2026-11-21T08:30:00", "nan", "", "9999-12-31T23:59:59-14:00"]:
        yield f"lat=1&lng=1&after={quote(value)}"
    yield from ("", "lat=1", "lng=1", "lat=1&lng=1&lat=2", "lat=1&lng=1&nope=1", "lat=1&lng=1&token=x")
    yield from ("lat=1&lng=1&radiusMiles=1&radius_miles=2", "lat=1&lng=1&search=" + "x" * 51)
    yield from ("lat=1&lng=1&search=%00", "&".join(f"f{i}=1" for i in range(100)), "lat=91&lng=1")
    yield from ("lat=1&lng=1&every=maybe", "lat[]=1&lng=1", "lat=1;lng=1", "=&=&=", "lat=1&lng=1&=x")


BAD_IDS = [
    *("x", "0", "1", "-1", "null", "undefined", JOB[:-1], JOB + "0", JOB.replace("-", ""), f"{{{JOB}}}"),
    *(f"urn:uuid:{JOB}", "g" * 36, "%00", JOB + "%00", "%ff", "..", "%2e%2e", "%0a", JOB + "%0a", "x" * 5000),
    *(quote(text, safe="") for text in SQL),
]


def must_be_refused(kind: str, response: httpx.Response, statuses: tuple[int, ...]) -> None:
    """A refusal is a complete problem that leaks nothing."""
    assert response.status_code in statuses, f"{kind}: {response.status_code} {response.text[:300]}"
    assert response.headers["content-type"] == "application/problem+json", kind
    problem = response.json()
    assert {"type", "title", "status", "code", "detail", "retry", "instance"} <= set(problem), kind
    assert problem["status"] == response.status_code, kind
    assert "Traceback" not in response.text, kind
    assert "/work" not in response.text, kind


def test_no_bad_body_reaches_a_handler() -> None:
    services = Services()
    kinds = list(bad_bodies())
    assert len(kinds) >= 400

    async def conversation(client: httpx.AsyncClient) -> None:
        for kind, body in kinds:
            response = await client.post(TIP, content=body, headers={"Content-Type": "application/json"})
            must_be_refused(kind, response, (422,))

    calling(sample_app(services=services), conversation)
    assert services.calls == 0


def test_no_bad_query_reaches_a_handler() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for query in bad_queries():
            url = httpx.URL("http://tracker.test/api/near").copy_with(query=query.encode())
            must_be_refused(query[:80], await client.get(url), (422,))

    calling(sample_app(), conversation)


def test_a_malformed_id_is_the_id_of_nothing() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for bad in BAD_IDS:
            must_be_refused(bad[:40], await client.post(f"/api/jobs/{bad}/tip", json=GOOD), (404, 405))
        for bad in ["0", "-1", "01", "1.0", "x", "9" * 20, str(2**63), "%D9%A1", "%00", "1%0a"]:
            must_be_refused(bad, await client.delete(f"/api/notes/{bad}"), (404,))

    calling(sample_app(), conversation)


def test_credentials_of_the_wrong_shape_are_no_credentials() -> None:
    bad = [
        *("", "Bearer", "Bearer ", "Basic cHJvOg==", "pro", "Bearer pro pro", "Bearer  ", "bearer\tpro"),
        *(
            "Token pro",
            "Bearer null",
            "Bearer undefined",
            "Bearer " + "x" * 9000,
            "Link",
            "Link bad",
            "Link pro",
        ),
    ]

    async def conversation(client: httpx.AsyncClient) -> None:
        for credentials in bad:
            response = await client.get("/api/near?lat=1&lng=1", headers={"Authorization": credentials})
            must_be_refused(credentials[:20], response, (401,))
            assert response.headers["www-authenticate"] == "Bearer"
        twice = [("Authorization", "Bearer pro"), ("Authorization", "Bearer admin")]
        request = httpx.Request("GET", "http://tracker.test/api/near?lat=1&lng=1", headers=twice)
        must_be_refused("two headers", await client.send(request), (401,))

    calling(sample_app(), conversation)


def test_a_token_in_the_query_opens_nothing() -> None:
    async def conversation(client: httpx.AsyncClient) -> None:
        for query in ("token=pro", "access_token=pro", "lat=1&lng=1&token=pro", "auth=pro"):
            request = httpx.Request("GET", f"http://tracker.test/api/near?{query}")
            must_be_refused(query, await client.send(request), (401,))

    calling(sample_app(), conversation)


def test_methods_and_content_types_that_are_not_ours_are_named_as_such() -> None:
    types: list[Any] = [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"),
        *("application/json; charset=latin-1", "application/json; charset=utf-16", "json", "", "*/*", ";"),
        *("application/jsonp", "application/json, text/plain", "application/msgpack"),
    ]

    async def conversation(client: httpx.AsyncClient) -> None:
        for kind in types:
            response = await client.post(TIP, content=json.dumps(GOOD), headers={"Content-Type": kind})
            must_be_refused(f"type {kind}", response, (415,))
        response = await client.post(TIP, content=json.dumps(GOOD))
        must_be_refused("no type", response, (415,))
        gzipped = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        must_be_refused("gzip", await client.post(TIP, content=b"\x1f\x8b", headers=gzipped), (415,))
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "CONNECT", "FOO"):
            response = await client.request(method, TIP)
            assert response.status_code == 405
            assert response.headers["allow"] == "POST"
        response = await client.put("/api/notes/1")
        assert response.headers["allow"] == "DELETE, POST"

    calling(sample_app(), conversation)
