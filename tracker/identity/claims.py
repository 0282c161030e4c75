"""What a token must say. Rules over values: no key, clock or network here (RFC 7519 §4.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from db.errors import Unauthorized
from rooms.principal import Principal, Role

# How far the issuer's clock may run ahead of ours. A right that has ended gets no such grace.
CLOCK_SLACK_S = 30.0


def principal_of(
    claims: Mapping[str, Any], *, now: float, audience: str | None = None, issuer: str | None = None
) -> Principal:
    """The caller that verified claims name; `now` in epoch seconds.

    `sub`, `role` and `exp` are required; `nbf` and `iat` must not lie in the future; `aud` and `iss` must
    match where they are configured. Raises Unauthorized.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not is_person_id(subject):
        raise Unauthorized("The token's `sub` is not a person's id.")
    expires_at = _moment(claims, "exp")
    if expires_at is None:
        raise Unauthorized("The token has no `exp`.")
    if expires_at <= now:
        raise Unauthorized("The token has expired.")
    issued_at = _moment(claims, "iat")
    for name, moment in (("iat", issued_at), ("nbf", _moment(claims, "nbf"))):
        if moment is not None and moment > now + CLOCK_SLACK_S:
            raise Unauthorized(f"The token's `{name}` lies in the future.")
    if audience is not None and audience not in _audiences(claims):
        raise Unauthorized("The token is for another audience.")
    if issuer is not None and claims.get("iss") != issuer:
        raise Unauthorized("The token is from another issuer.")
    role = claims.get("role")
    if not isinstance(role, str) or role not in {known.value for known in Role}:
        raise Unauthorized("The token's `role` is none of ours.")
    return Principal(subject, Role(role), expires_at=expires_at, issued_at=issued_at)


def is_person_id(text: str) -> bool:
    """Whether a person may be called this: 1 to 128 printable characters, not a tracking link's name."""
    return 1 <= len(text) <= 128 and text.isprintable() and not text.startswith("link:")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate: seconds since 1970, never text or true."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unauthorized(f"The token's `{name}` is not a time.")
    return float(value)


def _audiences(claims: Mapping[str, Any]) -> list[Any]:
    audiences = claims.get("aud")
    return audiences if isinstance(audiences, list) else [audiences]
