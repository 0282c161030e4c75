"""The one JSON reader: what it takes, what it refuses, and that a refusal is always `Invalid`."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.errors import Invalid
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
