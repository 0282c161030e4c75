"""What a request says, read strictly: credentials, path, query, body; or a refusal that names the field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from starlette.datastructures import Headers

from api.shapes import Input, decode_custom
from db.errors import Invalid, NotFound, Unauthorized
from rooms.strict_json import loads
from rooms.strict_shape import shaped

MAX_QUERY_FIELDS = 32
_CAMEL = re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]*)+", re.ASCII)


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


def credentials(headers: Headers) -> dict[str, Any]:
    """`Authorization` as the sockets' auth object: `{token}` for Bearer, `{link}` for Link.

    Raises Unauthorized for anything else, and for more than one header.
    """
    values = headers.getlist("authorization")
    if len(values) != 1:
        raise Unauthorized
    scheme, _, secret = values[0].partition(" ")
    key = {"bearer": "token", "link": "link"}.get(scheme.lower())
    if key is None or not secret.strip():
        raise Unauthorized
    return {key: secret.strip()}


def parse_path(kinds: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, Any]:
    """The path's parameters, typed. Raises NotFound: a malformed id is an id of nothing."""
    return {name: _path_value(kinds[name], text) for name, text in texts.items()}


def _path_value(kind: str, text: str) -> UUID | int | str:
    if kind == "uuid":
        if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
            raise NotFound
        return UUID(text)
    if kind == "int":
        if not re.fullmatch(r"[1-9][0-9]{0,18}", text, re.ASCII) or int(text) >= 2**63:
            raise NotFound
        return int(text)
    if "\x00" in text or len(text) > 256:
        raise NotFound
    return text


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
    return shaped(value, shape, strict=strict, dec_hook=decode_custom)


def _takes_nothing(shape: Any) -> bool:
    if not (isinstance(shape, type) and issubclass(shape, msgspec.Struct)):
        return False
    return not any(one.required for one in msgspec.structs.fields(shape))
