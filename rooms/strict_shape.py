"""A parsed JSON value as a declared shape, or a refusal that names the field: bodies, queries, orders."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from db.errors import Invalid

MAX_MESSAGE_CHARS = 300  # a message names the field, which a client may have made very long
_WHERE = re.compile(r" - at `(?:\$|key in \$)\.?([^`]*)`$")


def shaped(
    value: Any, shape: Any, *, strict: bool = True, dec_hook: Callable[[type, Any], Any] | None = None
) -> Any:
    """`value` as a `shape` (what `msgspec.convert` takes); not `strict`: numbers may be texts.

    Raises Invalid, with the `field` where there is one.
    """
    try:
        return msgspec.convert(value, shape, strict=strict, dec_hook=dec_hook)
    except msgspec.ValidationError as error:
        message = str(error)
        where = _WHERE.search(message)
        facts = {"field": where[1]} if where and where[1] else {}
        raise Invalid(f"{message[:MAX_MESSAGE_CHARS]}.", **facts) from None
