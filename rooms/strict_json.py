"""The one strict JSON reader, for sockets and HTTP bodies, and the one writer.

The standard parser accepts what JSON forbids (NaN, Infinity), what databases refuse (NUL, lone
surrogates, endless integers) and what hides intent (a key given twice). Each ends here as `Invalid`,
never as a surprise further down. Raw control characters and bad UTF-8 are refused too.

The strict reading calls back into Python for every number and object. Nearly everything that arrives is flat
(one object of plain values, perhaps behind an event's name), and for a flat text a few searches prove that
the fast parser's answer is the strict one, in a quarter of the time. Whatever is not proven is read strictly.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from db.errors import Invalid

MAX_DEPTH = 16  # arrays and objects inside each other; our deepest message has 5
_INT_LIMIT = 2**63  # what a PostgreSQL bigint holds
_INT_DIGITS = 20  # sign and digits of the limit; longer is refused before it is computed
_FLAT_DEPTH = 2
_UNSURE = object()
_FAST = msgspec.json.Decoder()
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


def loads(text: str | bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Parse one JSON text; raises `Invalid` with one plain sentence for whatever is wrong with it."""
    try:
        if isinstance(text, bytes | bytearray):
            text = text.decode()
        value = _read_flat(text) if max_depth >= _FLAT_DEPTH else _UNSURE
        if value is not _UNSURE:
            return value
        value = _DECODER.decode(text)
    except RecursionError:
        raise Invalid(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise Invalid("The text is not valid UTF-8.") from None
    except ValueError as error:
        raise Invalid(f"This is not acceptable JSON: {error}.") from None
    # Only texts that can hold a deep value or a bad character pay for the walk.
    deep = text.count("[") + text.count("{") > max_depth
    if deep or "\\u" in text or (not text.isascii() and _FORBIDDEN.search(text)):
        _inspect(value, max_depth)
    return value


def _read_flat(text: str) -> Any:
    """The value of `{…}` or `["…",{…}]` without anything inside the object but plain values; `_UNSURE` for
    any other text and whenever the strict reading might refuse it.

    The fast parser takes the last of two equal keys and integers of any length; else it is as strict. Without
    a backslash no text contains a quote, so `":` ends each key (or begins a text with a colon), given that no
    white space stands between the two; a key that came twice is then one `":` too many.
    """
    arrays = 1 if text[:1] == "[" else 0
    if (
        text.count("{") != 1
        or text.count("[") != arrays
        or "\\" in text
        or (" " in text and " :" in text)
        or "\n" in text
        or "\t" in text
        or "\r" in text
    ):
        return _UNSURE
    try:
        value = _FAST.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return _UNSURE  # the strict reading says in its words what is wrong
    flat = value
    if arrays:
        if len(value) != 2 or type(value[0]) is not str:
            return _UNSURE
        flat = value[1]
    if type(flat) is not dict or len(flat) != text.count('":'):
        return _UNSURE
    for item in flat.values():
        if type(item) is int and not -_INT_LIMIT <= item < _INT_LIMIT:
            return _UNSURE
    return value


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON. A float that is not finite becomes null, as in JavaScript."""
    return msgspec.json.encode(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _bigint(digits: str) -> int:
    if len(digits) <= _INT_DIGITS:
        number = int(digits)
        if -_INT_LIMIT <= number < _INT_LIMIT:
            return number
    raise ValueError("an integer does not fit in 64 bits")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_int=_bigint, parse_constant=_no_constant
)
_TOO_DEEP = "The JSON is nested too deeply."


def _inspect(value: Any, depth_left: int) -> None:
    """Walk a parsed value: refuse depth beyond the limit, NUL and lone surrogates in any string."""
    if isinstance(value, str):
        if _FORBIDDEN.search(value):
            raise Invalid("A text holds a NUL or a lone surrogate.")
        return
    if not isinstance(value, dict | list):
        return
    if depth_left == 0:
        raise Invalid(_TOO_DEEP)
    if isinstance(value, dict):
        for key, item in value.items():
            _inspect(key, depth_left)
            _inspect(item, depth_left - 1)
    else:
        for item in value:
            _inspect(item, depth_left - 1)
