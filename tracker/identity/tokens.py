"""JSON Web Tokens: whose signature counts, and making one for the command line and the demo.

A key has exactly one algorithm, so a token cannot choose how it is judged: `alg: none`, and HS256 keyed
with a public key (CVE-2015-9235), find no key.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from db.errors import Invalid, Unauthorized
from rooms.principal import Principal, Role
from rooms.strict_json import loads
from tracker.identity.claims import principal_of

MAX_TOKEN_CHARS = 8192
_JWS = jwt.PyJWS()


@dataclass(frozen=True, slots=True)
class Key:
    """A verification key and the one algorithm it is for."""

    algorithm: str
    material: Any


class Keys(Protocol):
    """Where verification keys come from: the shared secret, or an identity provider's JWKS."""

    async def find(self, algorithm: str, key_id: str | None) -> Key | None:
        """The key for a token's header, or None. Raises Unavailable when it cannot be known just now."""

    async def aclose(self) -> None:
        """Let go of connections."""


class SecretKey:
    """The company's own secret, for HS256. `kid` is ignored: there is one key."""

    def __init__(self, secret: str) -> None:
        self._key = Key("HS256", secret.encode())

    async def find(self, algorithm: str, key_id: str | None) -> Key | None:
        """The secret, for HS256 only."""
        del key_id
        return self._key if algorithm == self._key.algorithm else None

    async def aclose(self) -> None:
        """Nothing to let go of."""


class Verifier:
    """Turns tokens into principals. `clock` gives epoch seconds."""

    def __init__(
        self,
        keys: Keys,
        *,
        audience: str | None = None,
        issuer: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._audience = audience
        self._issuer = issuer
        self._clock = clock

    async def verify(self, token: object) -> Principal:
        """The caller that `token` names. Raises Unauthorized, and Unavailable without the issuer's keys."""
        if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARS or not token.isascii():
            raise Unauthorized
        algorithm, key_id = _header(token)
        key = await self._keys.find(algorithm, key_id)
        if key is None:
            raise Unauthorized
        try:
            payload = _JWS.decode(token, key.material, algorithms=[key.algorithm])
            claims = loads(payload)
        except (jwt.PyJWTError, Invalid, ValueError, TypeError):
            raise Unauthorized from None
        if not isinstance(claims, dict):
            raise Unauthorized
        return principal_of(claims, now=self._clock(), audience=self._audience, issuer=self._issuer)

    async def aclose(self) -> None:
        """Let go of the keys' connections."""
        await self._keys.aclose()


def mint(
    secret: str,
    sub: str,
    role: Role,
    ttl_s: float,
    *,
    now: float | None = None,
    audience: str | None = None,
    issuer: str | None = None,
) -> str:
    """An HS256 token for `sub` that lives `ttl_s` seconds.

    `iat` keeps its fraction, so that a token made right after a sign-out is newer than it.
    """
    issued_at = time.time() if now is None else now
    claims: dict[str, Any] = {"sub": sub, "role": role.value, "iat": issued_at, "exp": issued_at + ttl_s}
    if audience is not None:
        claims["aud"] = audience
    if issuer is not None:
        claims["iss"] = issuer
    return jwt.encode(claims, secret, algorithm="HS256")


def _header(token: str) -> tuple[str, str | None]:
    """The unverified header's `alg` and `kid`: only used to look for a key."""
    try:
        header = _JWS.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthorized from None
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or not isinstance(key_id, str | None):
        raise Unauthorized
    return algorithm, key_id
