"""The keys of an identity provider: fetched from its JWKS address, cached, rotated, kept when it is down.

RFC 7517. Only ES256 and RS256 keys that may verify signatures are taken; each has one algorithm.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from db.errors import Invalid, Unavailable
from rooms.strict_json import loads
from tracker.identity.tokens import Key

log = logging.getLogger("tracker.identity")

REFRESH_S = 600.0  # a withdrawn key is refused after this at the latest
RETRY_S = 30.0  # an unknown key id asks the provider at most this often
TIMEOUT_S = 3.0
MAX_BYTES = 256 * 1024
MIN_RSA_BITS = 2048


class JwksKeys:
    """Keys by (algorithm, key id). Close it with `aclose`.

    An unknown key id means that the provider may have rotated: it is asked again, at most every 30 s. When
    it does not answer, the keys that are known stay good; without any, `find` raises Unavailable.
    """

    def __init__(
        self,
        url: str,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        self._clock = clock
        self._keys: dict[tuple[str, str | None], Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._fetching = asyncio.Lock()

    async def find(self, algorithm: str, key_id: str | None) -> Key | None:
        """The key for a token's header, or None. Raises Unavailable while the keys cannot be known."""
        if algorithm not in ("ES256", "RS256"):
            return None
        if self._is_due(REFRESH_S, self._fetched_at):
            await self._fetch()
        if key := self._lookup(algorithm, key_id):
            return key
        await self._fetch()
        if key := self._lookup(algorithm, key_id):
            return key
        if self._failed:
            raise Unavailable("The identity provider does not answer just now. Please retry.")
        return None

    async def aclose(self) -> None:
        """Close the connection to the provider."""
        await self._client.aclose()

    def _lookup(self, algorithm: str, key_id: str | None) -> Key | None:
        if key_id is not None:
            return self._keys.get((algorithm, key_id))
        # A token without a key id is judged only where there is nothing to choose from.
        fitting = [key for (of, _), key in self._keys.items() if of == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    def _is_due(self, every_s: float, last: float | None) -> bool:
        return last is None or self._clock() - last >= every_s

    async def _fetch(self) -> None:
        """Ask the provider, unless that was tried within 30 s. One request at a time; others wait for it."""
        async with self._fetching:
            if not self._is_due(RETRY_S, self._tried_at):
                return
            self._tried_at = self._clock()
            try:
                keys = read_jwks(await self._download())
            except (httpx.HTTPError, TimeoutError, Invalid) as error:
                self._failed = True
                log.warning("the identity provider's keys could not be fetched: %s", type(error).__name__)
                return
            self._keys = keys
            self._fetched_at = self._clock()
            self._failed = False

    async def _download(self) -> bytes:
        async with asyncio.timeout(TIMEOUT_S), self._client.stream("GET", self._url) as response:
            if response.status_code != 200:
                raise Invalid("not 200")
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise Invalid("too large")
            return bytes(body)


def read_jwks(document: bytes) -> dict[tuple[str, str | None], Key]:
    """The usable keys of a JWKS document. Raises Invalid when it is none or has none."""
    value = loads(document)
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise Invalid("This is not a JWKS document.")
    keys = {}
    for entry in entries:
        if isinstance(entry, dict) and (key := _read_key(entry)) is not None:
            key_id = entry.get("kid")
            keys[key.algorithm, key_id if isinstance(key_id, str) else None] = key
    if not keys:
        raise Invalid("The JWKS document holds no ES256 or RS256 key.")
    return keys


def _read_key(entry: dict[str, Any]) -> Key | None:
    """One JWK as a key, or None when it is not for verifying ES256 or RS256."""
    algorithm = {"EC": "ES256", "RSA": "RS256"}.get(str(entry.get("kty")))
    operations = entry.get("key_ops", ["verify"])
    if (
        algorithm is None
        or entry.get("alg", algorithm) != algorithm
        or entry.get("use", "sig") != "sig"
        or not isinstance(operations, list)
        or "verify" not in operations
    ):
        return None
    public = {name: value for name, value in entry.items() if name in ("kty", "crv", "x", "y", "n", "e")}
    try:
        material = jwt.PyJWK(public, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(material, RSAPublicKey):
        return Key(algorithm, material) if material.key_size >= MIN_RSA_BITS else None
    if isinstance(material, EllipticCurvePublicKey) and isinstance(material.curve, SECP256R1):
        return Key(algorithm, material)
    return None
