"""Keys of an identity provider: taken, rotated, withdrawn, and kept while it is down."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from db.errors import Invalid, Unauthorized, Unavailable
from rooms.principal import Principal
from tracker.identity.jwks import JwksKeys, read_jwks
from tracker.identity.tokens import Verifier

CLAIMS = {"sub": "ann", "role": "customer", "exp": 4_000_000_000}
URL = "https://id.example/jwks.json"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER_EC = ec.generate_private_key(ec.SECP256R1())


def jwk(private: Any, key_id: str | None, **more: Any) -> dict[str, Any]:
    """The public half as a JWK."""
    algorithm = (
        jwt.algorithms.RSAAlgorithm if isinstance(private, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    )
    entry = json.loads(algorithm.to_jwk(private.public_key()))
    entry.pop("key_ops", None)
    return {**entry, **({"kid": key_id} if key_id else {}), **more}


def token(private: Any, key_id: str | None) -> str:
    """A token signed with a private key."""
    algorithm = "RS256" if isinstance(private, rsa.RSAPrivateKey) else "ES256"
    return jwt.encode(CLAIMS, private, algorithm=algorithm, headers={"kid": key_id} if key_id else None)


class Provider:
    """An identity provider that can rotate its keys, fail and be slow; it counts how often it is asked."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.answer: Callable[[], httpx.Response] = self.document
        self.now = 1000.0

    def document(self) -> httpx.Response:
        """Its keys."""
        return httpx.Response(200, json={"keys": self.keys})

    async def _handle(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer()

    def talk(self, conversation: Callable[[Callable[[str], Awaitable[Principal]]], Awaitable[None]]) -> None:
        """Run a conversation with a verifier that uses this provider."""

        async def run() -> None:
            client = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
            keys = JwksKeys(URL, client=client, clock=lambda: self.now)
            verifier = Verifier(keys)
            try:
                await conversation(verifier.verify)
            finally:
                await verifier.aclose()

        asyncio.run(run())


def failing() -> httpx.Response:
    raise httpx.ConnectError("nobody there")


def test_both_kinds_of_key_verify_and_the_provider_is_asked_once() -> None:
    provider = Provider(jwk(RSA, "r"), jwk(EC, "e"))

    async def conversation(verify: Callable[[str], Awaitable[Principal]]) -> None:
        everybody = await asyncio.gather(
            *(verify(token(key, name)) for key, name in [(RSA, "r"), (EC, "e")] * 5)
        )
        assert {principal.id for principal in everybody} == {"ann"}
        assert provider.asked == 1

    provider.talk(conversation)


def test_a_new_key_is_fetched_when_first_seen_and_unknown_ones_ask_at_most_every_30_seconds() -> None:
    provider = Provider(jwk(EC, "one"))

    async def conversation(verify: Callable[[str], Awaitable[Principal]]) -> None:
        await verify(token(EC, "one"))
        for _ in range(50):
            with pytest.raises(Unauthorized):
                await verify(token(OTHER_EC, "two"))
        assert provider.asked == 1
        provider.keys.append(jwk(OTHER_EC, "two"))
        provider.now += 30
        assert (await verify(token(OTHER_EC, "two"))).id == "ann"
        assert provider.asked == 2
        with pytest.raises(Unauthorized):
            await verify(token(EC, "two"))

    provider.talk(conversation)


def test_a_withdrawn_key_is_refused_after_ten_minutes_at_the_latest() -> None:
    provider = Provider(jwk(EC, "one"), jwk(OTHER_EC, "two"))

    async def conversation(verify: Callable[[str], Awaitable[Principal]]) -> None:
        await verify(token(EC, "one"))
        provider.keys.pop(0)
        provider.now += 599
        await verify(token(EC, "one"))
        provider.now += 1
        with pytest.raises(Unauthorized):
            await verify(token(EC, "one"))
        await verify(token(OTHER_EC, "two"))

    provider.talk(conversation)


@pytest.mark.parametrize(
    "answer",
    [
        failing,
        lambda: httpx.Response(500),
        lambda: httpx.Response(302, headers={"Location": "https://evil.example/"}),
        lambda: httpx.Response(200, text="<html>maintenance</html>"),
        lambda: httpx.Response(200, json={"keys": []}),
        lambda: httpx.Response(200, json=[]),
        lambda: httpx.Response(200, content=b"x" * 300_000),
        lambda: httpx.Response(200, content=b"[" * 100_000),
    ],
)
def test_while_the_provider_is_down_known_keys_stay_good(answer: Callable[[], httpx.Response]) -> None:
    provider = Provider(jwk(EC, "one"))

    async def conversation(verify: Callable[[str], Awaitable[Principal]]) -> None:
        provider.answer = answer
        with pytest.raises(Unavailable):  # nothing is known yet: a retry can help
            await verify(token(EC, "one"))
        with pytest.raises(Unavailable):
            await verify(token(EC, "one"))
        assert provider.asked == 1
        provider.answer = provider.document
        provider.now += 30
        await verify(token(EC, "one"))
        provider.answer = answer
        provider.now += 3600
        await verify(token(EC, "one"))
        with pytest.raises(Unavailable):  # it may be a new key
            await verify(token(OTHER_EC, "two"))

    provider.talk(conversation)


def test_a_token_without_a_key_id_is_judged_only_where_there_is_one_key() -> None:
    provider = Provider(jwk(EC, "one"))

    async def conversation(verify: Callable[[str], Awaitable[Principal]]) -> None:
        await verify(token(EC, None))
        provider.keys.append(jwk(OTHER_EC, "two"))
        provider.now += 600
        with pytest.raises(Unauthorized):
            await verify(token(EC, None))

    provider.talk(conversation)


def test_a_shared_secret_is_worth_nothing_beside_a_provider() -> None:
    provider = Provider(jwk(RSA, "r"), {"kty": "oct", "kid": "s", "k": base64.b64encode(b"x" * 32).decode()})

    async def conversation(verify: Callable[[str], Awaitable[Principal]]) -> None:
        for key_id in ("s", "r", None):
            with pytest.raises(Unauthorized):
                await verify(
                    jwt.encode(
                        CLAIMS, "x" * 32, algorithm="HS256", headers={"kid": key_id} if key_id else None
                    )
                )

    provider.talk(conversation)


def test_only_keys_that_may_verify_and_are_strong_are_taken() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    other_curve = ec.generate_private_key(ec.SECP384R1())
    unusable: list[Any] = [
        jwk(weak, "a"),
        jwk(other_curve, "b"),
        jwk(RSA, "c", use="enc"),
        jwk(RSA, "d", alg="RS512"),
        jwk(RSA, "e", alg="HS256"),
        jwk(EC, "f", key_ops=["encrypt"]),
        jwk(EC, "g", key_ops="verify"),
        {**jwk(EC, "h"), "x": "!"},
        {**jwk(RSA, "i"), "n": 5},
        {"kty": "RSA"},
        {"kty": ["RSA"]},
        {},
        None,
        5,
        "key",
    ]
    found = read_jwks(json.dumps({"keys": [*unusable, jwk(EC, "good", use="sig", alg="ES256")]}).encode())
    assert list(found) == [("ES256", "good")]
    for document in (b"", b"[]", b"{}", b'{"keys": {}}', json.dumps({"keys": unusable}).encode()):
        with pytest.raises(Invalid):
            read_jwks(document)
