"""The one JSON reader: what it takes, what it refuses, and that a refusal is always `Invalid`."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import Invalid
from rooms import strict_json
from rooms.strict_json import MAX_DEPTH, dumps, loads

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert loads(dumps(value), max_depth=99) == value
    assert loads(json.dumps(value), max_depth=99) == value


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_other_text_is_a_value_or_invalid_and_nothing_else(text: str | bytes) -> None:
    with contextlib.suppress(Invalid):
        loads(text)


# Pieces of which nearly flat texts are made: what decides between the fast and the strict reading.
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,22})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
WORDS = st.sampled_from(
    ["a", "b", "", ":", "a:", "{", "[", " :", "é", "\\u0061", "\\n", "\t", "\x7f", "\x00"]
)
SPACES = st.sampled_from(["", "", "", "", " ", "  ", "\t", "\n", "\u00a0"])
ODD = st.sampled_from(["true", "null", "NaN", "-", "01", "[]", "[1]", "{}"])
ITEMS = NUMBERS | WORDS.map('"{}"'.format) | ODD


@st.composite
def nearly_flat(draw: st.DrawFn) -> str:
    keys = draw(st.lists(WORDS, max_size=4))
    pairs = [f'{draw(SPACES)}"{key}"{draw(SPACES)}:{draw(SPACES)}{draw(ITEMS)}{draw(SPACES)}' for key in keys]
    flat = "{" + ",".join(pairs) + "}"
    event = f"[{draw(ITEMS)},{flat}]"
    return draw(st.sampled_from([flat, event, flat + " ", event + draw(ITEMS)]))


@given(nearly_flat() | VALUES.map(json.dumps) | VALUES.map(lambda value: dumps(value).decode()))
@settings(max_examples=500)
def test_the_fast_reading_never_differs_from_the_strict_one(text: str) -> None:
    assert outcome(text) == outcome(text, only_strictly=True)


def outcome(text: str, *, only_strictly: bool = False) -> str:
    """What comes of it, with the types of all values; or the refusal's words."""
    with pytest.MonkeyPatch.context() as patch:
        if only_strictly:
            patch.setattr(strict_json, "_read_flat", lambda _text: strict_json._UNSURE)
        try:
            return repr(loads(text))
        except Invalid as refusal:
            return refusal.detail


@pytest.mark.parametrize(
    "text",
    [
        '["heartbeat",{"lat":53.4,"lng":-2.99,"accuracy":8,"seq":12,"session":"a:b","mock":false}]',
        '{"lat": 53.4, "lng": -2.99, "recorded_at": "2026-11-21T06:30:00Z", "job_id": null}',
        "{}",
    ],
)
def test_what_phones_send_is_read_fast(text: str) -> None:
    assert repr(strict_json._read_flat(text)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "nul",
        "NaN",
        "Infinity",
        "-Infinity",
        "[NaN]",
        "1e999",
        "-1e999",
        "[1e400]",
        "01",
        "1.",
        "+1",
        ".5",
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        '{"a":1,"\\u0061":2}',
        '{"a" :1,"a":2}',
        '["x",{"a":1,"b":":","a":2}]',
        '{"a"\t:1,"a":2}',
        '{"a"\r:1,"a":2}',
        '{"a"\n:1,"a":2}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":9223372036854775808}',
        '["x",{"a":-9223372036854775809}]',
        '[9223372036854775808,{"a":1}]',
        '{"a":[9223372036854775808]}',
        '["x",{"a":{"b":9223372036854775808}}]',
        '["x",{"a":"\x00"}]',
        '["x",{"a":"\ud800"}]',
        '"\\u0000"',
        '"\\ud800"',
        '"\\udfff\\ud800"',
        '{"\\u0000":1}',
        '["x",{"y":"\\ud83d"}]',
        '"\x00"',
        '"a\nb"',
        "'a'",
        "[1,]",
        "{a:1}",
        "[] []",
        "\ufeff[]",
        "9223372036854775808",
        "-9223372036854775809",
        "9" * 5000,
        "[" * 100_000,
        '{"a":' * 50_000,
        b"\xff",
        b"\xed\xa0\x80",
        "\ud800",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    ],
)
def test_what_would_surprise_someone_later_is_refused_now(text: str | bytes) -> None:
    with pytest.raises(Invalid):
        loads(text)


def test_the_edges_are_inside() -> None:
    assert loads("9223372036854775807") == 2**63 - 1
    assert loads("-9223372036854775808") == -(2**63)
    assert loads("1e308") == 1e308
    assert loads("1e-999") == 0
    assert loads('"\\ud83d\\ude00"') == "😀"
    assert loads("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert loads(b'{"a":"\xc3\xa9"}') == {"a": "é"}


def test_a_value_that_json_has_no_word_for_is_written_as_null() -> None:
    assert dumps({"x": math.nan, "y": math.inf}) == b'{"x":null,"y":null}'
