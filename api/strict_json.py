"""The one JSON parser for HTTP bodies: what is not plainly right is refused with a typed 4xx.

Python's own parser takes `NaN`, repeated keys, lone surrogates, NUL and numbers of any length, and
recurses with the input. Each of these has crashed a service somewhere further in: PostgreSQL refuses
NUL, UTF-8 has no surrogates, two readers of a repeated key disagree, and 10^5 brackets end the stack.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any, NoReturn

from api.problems import Malformed
from db.errors import Invalid

MAX_DEPTH = 32
MAX_NUMBER_CHARS = 64
_CAMEL = re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)+", re.ASCII)


def loads(data: bytes) -> Any:
    """Parse one JSON text (UTF-8, no byte order mark).

    Raises Malformed (400) when it is not JSON, Invalid (422) when it is JSON that nothing here
    may hold: repeated keys, numbers beyond 64 bits or a double, NUL, half a surrogate pair, depth > 32.
    """
    if not data.strip():
        raise Malformed("The body is empty.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("The body is not UTF-8.") from None
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    # Well-formed UTF-8 and strict strings leave the escape as the only way in for NUL and surrogates.
    _inspect(value, check_text="\\u" in text)
    return value


def snake_keys(value: Any) -> Any:
    """The same value with camelCase keys as snake_case, at every depth.

    Raises Invalid when one object spells the same key both ways.
    """
    if isinstance(value, list):
        return [snake_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {snake(key): snake_keys(item) for key, item in value.items()}
    if len(renamed) != len(value):
        twice = next(key for key in value if snake(key) != key and snake(key) in value)
        raise Invalid(f"`{twice}` and `{snake(twice)}` are the same field.", field=snake(twice))
    return renamed


@lru_cache(maxsize=4096)
def snake(key: str) -> str:
    """`jobId` → `job_id`; anything that is not plain camelCase stays as it is."""
    if len(key) > 64 or not _CAMEL.fullmatch(key):
        return key
    return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), key)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise Invalid("The body repeats a key of one object.")
    return value


def _integer(text: str) -> int:
    # 20 characters hold every 64-bit integer; longer ones cost quadratic time to parse.
    if len(text) > 20 or not -(2**63) <= (number := int(text)) < 2**63:
        raise Invalid("The body holds an integer beyond 64 bits.")
    return number


def _float(text: str) -> float:
    if len(text) > MAX_NUMBER_CHARS or not math.isfinite(number := float(text)):
        raise Invalid("The body holds a number that is too large or too long.")
    return number


def _constant(name: str) -> NoReturn:
    raise Malformed(f"The body is not JSON: {name} is not a number.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _inspect(value: Any, *, check_text: bool) -> None:
    """Refuse depth and, where an escape could have brought them, NUL and surrogates.

    Walks with a stack of its own, because the interpreter's is what deep input attacks.
    """
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                if check_text:
                    for key in item:
                        _check_text(key)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif check_text and isinstance(item, str):
                _check_text(item)
        if not below:
            return
        level = below
    raise Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise Invalid("A text holds the NUL character.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid("A text holds half of a surrogate pair.") from None
