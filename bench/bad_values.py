"""The values, texts, headers and bytes that bad requests are made of."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
ROLES = ("customer", "pro", "dispatcher", "admin")
NO_JOB = "00000000-0000-4000-8000-000000000000"
SQL = (
    *("'; DROP TABLE jobs;--", "1 OR 1=1", "\\'", "%27--", "$1", "{{7*7}}", "../../etc/passwd", "<script>"),
    *("a\\", "%", "_", "100%", "\u202egnol", "\U0001f600", "' UNION SELECT secret FROM people --"),
)
# What each kind of JSON value may do wrong. The second member is the value, or WRONG: no JSON for anybody.
WRONG = object()
LITERALS: tuple[tuple[str, Any], ...] = (
    *(
        (text, WRONG)
        for text in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x10", "01", "+1", "1.")
    ),
    *(
        (text, WRONG)
        for text in ("undefined", "True", "'a'", "9" * 5000, "-" + "9" * 5000, "1e" + "9" * 5000)
    ),
    *((str(number), WRONG) for number in (2**63, 2**64, -(2**63) - 1)),
    *((text, WRONG) for text in ('"a\\u0000b"', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\x41"')),
    *(
        (str(number), number)
        for number in (0, -1, 5, 2**31 - 1, 2**31, -(2**31), 2**53 + 1, 2**63 - 1, -(2**63))
    ),
    *(("5.0", 5.0), ("-0.0", -0.0), ("1e308", 1e308), ("5e-324", 5e-324), ("90.0000001", 90.0000001)),
    *((text, json.loads(text)) for text in ("true", "false", "null", "[]", "{}", "[null]", '{"$gt": 0}')),
    *((f'"{text}"', text) for text in ("", " ", "1", "5.0", "NaN", "true", "null", "x", "\u0663", NO_JOB)),
    *((json.dumps("x" * size), "x" * size) for size in (129, 250, 301, 4001, 100_000)),
    *((json.dumps(text), text) for text in SQL),
)
TEXTS: tuple[tuple[str, bytes], ...] = (
    ("an open brace", b"{"),
    ("blank", b" \n"),
    ("an open string", b'{"lat'),
    ("two values", b"{} {}"),
    ("an array", b"[]"),
    ("a number", b"5"),
    ("null", b"null"),
    ("bad UTF-8", b'{"notes": "\xff\xfe"}'),
    ("overlong UTF-8", b'{"notes": "\xc0\x80"}'),
    ("a UTF-8 surrogate", b'{"notes": "\xed\xa0\x80"}'),
    ("UTF-16", '{"notes": 1}'.encode("utf-16")),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("a raw NUL", b'{"notes": "a\x00b"}'),
    ("100k brackets", b"[" * 100_000),
    ("100k brackets, closed", b"[" * 100_000 + b"]" * 100_000),
    ("20k objects in each other", b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    ("17 levels", b'{"notes":' + b"[" * 17 + b"]" * 17 + b"}"),
    ("a key twice", b'{"notes": "a", "notes": "b"}'),
    ("a 5000-digit number", b'{"lat": ' + b"1" * 5000 + b"}"),
    ("form data", b"lat=1&lng=2"),
    ("XML", b"<job/>"),
)
TYPES = (
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "*/*", ";"),
    *("application/json; charset=latin-1", "application/jsonp", "application/json, text/plain"),
)
MASS = (
    *("version", "pro_id", "proId", "final_price_cents", "finalPriceCents", "final_price", "tip_cents", "id"),
    *("created_at", "customer_phone", "__proto__", "constructor", "Lat", "lat ", "l\u0430t", "", "x" * 9000),
)
BAD_IDS = (
    *("x", "0", "-1", "null", NO_JOB[:-1], NO_JOB + "0", NO_JOB.replace("-", ""), f"{{{NO_JOB}}}", "g" * 36),
    *(f"urn:uuid:{NO_JOB}", "%00", NO_JOB + "%00", NO_JOB + "%0a", "%ff", "x" * 5000, "%ed%a0%80"),
    *(quote(text, safe="") for text in SQL),
)
CREDENTIALS = (
    "",
    "Bearer",
    "Bearer ",
    "Bearer null",
    "Basic cHJvOg==",
    "Link x",
    "Bearer a.b.c",
    "Bearer " + "x" * 9000,
)
# A cursor as the server makes them, of a moment that does not exist in UTC.
FIRST_MOMENT_CURSOR = base64.urlsafe_b64encode(f"0001-01-01T00:00:00+14:00|{NO_JOB}".encode()).decode()
QUERY_VALUES = (
    *(
        "nan",
        "inf",
        "-inf",
        "1e999",
        "0x10",
        "",
        " ",
        "true",
        "null",
        "-1",
        "0",
        "5.0",
        str(2**31),
        str(2**63),
    ),
    *(
        "9" * 5000,
        "5e-324",
        "%00",
        "%ff",
        "%ed%a0%80",
        "%D9%A3",
        "x" * 5000,
        "2026-11-21",
        "0001-01-01T00:00:00Z",
    ),
    *("9999-12-31T23:59:59-14:00", FIRST_MOMENT_CURSOR, *(quote(text) for text in SQL)),
)
# No HTTP at all: answered 400 or with a closed connection.
NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,  # TLS on a plain port
    b"\x00" * 1000,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"FOO /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA\x00b: c\r\n\r\n",
    b"POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n",
    b"POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET http://elsewhere/nothing HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /assets/..%2f..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
)
