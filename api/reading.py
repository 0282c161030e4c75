"""From bytes to structs: a request's body and query, converted strictly or refused with the field's name."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from api.shapes import Input, decode_custom
from db.errors import Invalid
from rooms.strict_json import loads

MAX_QUERY_FIELDS = 32
MAX_MESSAGE_CHARS = 300  # a message names the field, which a client may have made very long
_CAMEL = re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)+", re.ASCII)
_WHERE = re.compile(r" - at `(?:\$|key in \$)\.?([^`]*)`$")


def parse_body(shape: Any, data: bytes) -> Any:
    """`data`, one JSON text, as a `shape`. An empty body is `{}` where every field is optional.

    Raises Invalid, with the field's name where there is one.
    """
    if not data:
        if not _takes_nothing(shape):
            raise Invalid("The body is empty.")
        data = b"{}"
    return _convert(snake_keys(loads(data)), shape, strict=True)


def parse_query(shape: type[Input], raw: bytes) -> Any:
    """A query string as a `shape`: every value is text, so numbers are read from text. Raises Invalid."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except UnicodeError:
        raise Invalid("The query is not percent-encoded UTF-8.") from None
    except ValueError:
        raise Invalid(f"The query may have {MAX_QUERY_FIELDS} fields.") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Invalid("The query repeats a field.")
    if any("\x00" in text for pair in pairs for text in pair):
        raise Invalid("The query holds the NUL character.")
    query = _convert(snake_keys(values), shape, strict=False)
    for name in shape.__struct_fields__:  # lax reading takes "nan" and "inf" for numbers
        value = getattr(query, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise Invalid("Expected a finite number.", field=name)
    return query


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


def _convert(value: Any, shape: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, shape, strict=strict, dec_hook=decode_custom)
    except msgspec.ValidationError as error:
        message = str(error)
        where = _WHERE.search(message)
        facts = {"field": where[1]} if where and where[1] else {}
        raise Invalid(f"{message[:MAX_MESSAGE_CHARS]}.", **facts) from None


def _takes_nothing(shape: Any) -> bool:
    if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
        return False
    return not any(one.required for one in msgspec.structs.fields(shape))
