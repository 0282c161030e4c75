"""From bytes to structs: a request's body and query, converted strictly or refused with the field's name."""

from __future__ import annotations

import math
import re
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from api.problems import Malformed
from api.shapes import Input, decode_custom
from api.strict_json import loads, snake_keys
from db.errors import Invalid

MAX_QUERY_FIELDS = 32
_WHERE = re.compile(r" - at `(?:\$|key in \$)\.?([^`]*)`$")


def parse_body(shape: Any, data: bytes) -> Any:
    """`data` as a `shape`. An empty body is `{}` where every field is optional.

    Raises Malformed (400) and Invalid (422).
    """
    if not data and _takes_nothing(shape):
        data = b"{}"
    return _convert(snake_keys(loads(data)), shape, strict=True)


def parse_query(shape: type[Input], raw: bytes) -> Any:
    """A query string as a `shape`: every value is text, so numbers are read from text.

    Raises Malformed (400) for broken percent-encoding and Invalid (422) for the rest.
    """
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except UnicodeError:
        raise Malformed("The query is not percent-encoded UTF-8.") from None
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


def _convert(value: Any, shape: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, shape, strict=strict, dec_hook=decode_custom)
    except msgspec.ValidationError as error:
        message = str(error)
        where = _WHERE.search(message)
        facts = {"field": where[1]} if where and where[1] else {}
        raise Invalid(f"{message}.", **facts) from None


def _takes_nothing(shape: Any) -> bool:
    if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
        return False
    return not any(one.required for one in msgspec.structs.fields(shape))
