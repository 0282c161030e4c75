"""Which tokens name a caller, and which name nobody."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from db.errors import Unauthorized
from rooms.principal import Principal, Role
from tracker.identity.claims import principal_of
from tracker.identity.tokens import Key, SecretKey, Verifier, mint

SECRET = "a secret that is long enough for HS256"
NOW = 1_780_000_000.0
CLAIMS = {"sub": "ann", "role": "pro", "exp": NOW + 60, "iat": NOW}


def verify(token: object, keys: Any = None, **options: Any) -> Principal:
    verifier = Verifier(keys or SecretKey(SECRET), clock=lambda: NOW, **options)
    return asyncio.run(verifier.verify(token))


def signed(claims: Any, *, header: Any = None, secret: str = SECRET) -> str:
    """A token with any header and payload, signed with HMAC whatever the header says."""
    parts = [{"alg": "HS256", "typ": "JWT"} if header is None else header, claims]
    texts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    body = b".".join(base64.urlsafe_b64encode(text).rstrip(b"=") for text in texts)
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return (body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def test_a_minted_token_names_its_person_role_and_times() -> None:
    token = mint(SECRET, "ann", Role.PRO, 60, now=NOW + 0.25)
    assert verify(token) == Principal("ann", Role.PRO, expires_at=NOW + 60.25, issued_at=NOW + 0.25)
    unclocked = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(token, SECRET, algorithms=["HS256"], options=unclocked)["sub"] == "ann"  # any library's


@pytest.mark.parametrize(
    "change",
    [
        {"exp": None},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"exp": [NOW + 60]},
        {"iat": NOW + 31},
        {"iat": "now"},
        {"nbf": NOW + 31},
        {"nbf": {}},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
        {"sub": "x" * 129},
        {"sub": "a\nb"},
        {"sub": "link:1"},
        {"role": None},
        {"role": "root"},
        {"role": ["admin"]},
        {"role": "ADMIN"},
        {"role": {"admin": 1}},
    ],
)
def test_claims_that_are_missing_wrong_or_out_of_their_time_name_nobody(change: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    with pytest.raises(Unauthorized):
        principal_of(claims, now=NOW)
    with pytest.raises(Unauthorized):
        verify(signed(claims))


def test_an_issuer_whose_clock_is_a_little_ahead_is_believed() -> None:
    assert principal_of({**CLAIMS, "iat": NOW + 29, "nbf": NOW + 29}, now=NOW).id == "ann"


def test_audience_and_issuer_are_asked_for_only_where_they_are_configured() -> None:
    ours = {**CLAIMS, "aud": "tracker", "iss": "https://id.example"}
    asked = {"audience": "tracker", "issuer": "https://id.example"}
    assert verify(signed(ours)).id == "ann"
    assert verify(signed(ours), **asked).id == "ann"
    assert verify(signed({**ours, "aud": ["other", "tracker"]}), **asked).id == "ann"
    assert verify(mint(SECRET, "ann", Role.PRO, 60, now=NOW, **asked), **asked).id == "ann"
    for wrong in (
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": {}},
        {"iss": "x"},
        {"iss": None},
    ):
        with pytest.raises(Unauthorized):
            verify(signed({**ours, **wrong}), **asked)


def test_a_token_cannot_choose_how_it_is_judged() -> None:
    for algorithm in ("none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "hs256"):
        with pytest.raises(Unauthorized):
            verify(signed(CLAIMS, header={"alg": algorithm}))
    unsigned = signed(CLAIMS, header={"alg": "none"}).rpartition(".")[0]
    for token in (unsigned, unsigned + ".", signed(CLAIMS).rpartition(".")[0] + "."):
        with pytest.raises(Unauthorized):
            verify(token)


def test_a_public_key_is_no_shared_secret() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()

    class PublicKeys:
        """Finds the RSA key whatever it is asked for: the worst a key store could do."""

        async def find(self, _algorithm: str, _key_id: str | None) -> Key | None:
            return Key("RS256", public)

        async def aclose(self) -> None: ...

    with pytest.raises(Unauthorized):
        verify(signed(CLAIMS, secret=pem), PublicKeys())
    assert verify(jwt.encode(CLAIMS, private, algorithm="RS256"), PublicKeys()).id == "ann"


def test_whatever_is_no_token_is_refused_alike() -> None:
    good = signed(CLAIMS)
    head, body, mac = good.split(".")
    bad: list[object] = [
        *(
            None,
            5,
            True,
            [],
            {},
            b"bytes",
            "",
            ".",
            "..",
            "...",
            "x",
            "a.b.c",
            good + ".x",
            good[:-4],
            good + "\n",
        ),
        *(
            f"{head}.{body}.",
            f"{head}..{mac}",
            f".{body}.{mac}",
            good.replace(".", "!"),
            "é" + good,
            "\ud800",
        ),
        signed(CLAIMS, secret="another secret that is long enough"),
        *(
            signed(claims)
            for claims in ([], "ann", 5, None, b"{", b"", b"\xff", b'{"exp": NaN}', b"[" * 3000)
        ),
        signed(json.dumps({**CLAIMS})[:-1].encode() + b', "role": "admin"}'),  # a key given twice
        *(signed(CLAIMS, header=header) for header in ({"alg": 5}, {"alg": ["HS256"]}, {"typ": "JWT"}, [])),
        signed(CLAIMS, header={"alg": "HS256", "kid": 5}),
        signed(CLAIMS, header={"alg": "HS256", "crit": ["exp"]}),
        signed(CLAIMS, header={"alg": "HS256", "b64": False, "crit": ["b64"]}),
        signed(CLAIMS, header=b"[" * 3000),
        signed({**CLAIMS, "more": "x" * 9000}),
    ]
    for token in bad:
        with pytest.raises(Unauthorized):
            verify(token)
    assert verify(good).id == "ann"
