"""VAPID keys (RFC 8292): P-256, written base64url without padding, as browsers and other servers do."""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SEC 2, §2.4.2)


def new_private_key() -> str:
    """A new private key: 32 bytes."""
    return _text(_in_range(secrets.token_bytes(48)))


def public_key_of(private_key: str) -> str:
    """The public key that belongs to it: an uncompressed point. Raises ValueError for what is no key."""
    point = read_private_key(private_key).public_key()
    return _text(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def read_private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The key itself. Raises ValueError when the text is not 32 bytes of base64url in the curve's range."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(raw) != 32:
        raise ValueError("a VAPID private key has 32 bytes")
    return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())


def print_new_key() -> int:
    """`tracker vapid`: a setting. Browsers that subscribed with an older key must do so anew."""
    print(f"VAPID_PRIVATE_KEY={new_private_key()}")
    return 0


def sandbox_public_key(secret: str) -> str:
    """A key for browsers to subscribe with while there is none of the company's; nothing is ever sent."""
    seed = hashlib.sha384(b"sandbox push key\0" + secret.encode()).digest()
    return public_key_of(_text(_in_range(seed)))


def _in_range(seed: bytes) -> bytes:
    """A scalar between 1 and the order minus 1, without a bias that matters (128 bits more than needed)."""
    return (int.from_bytes(seed, "big") % (_ORDER - 1) + 1).to_bytes(32, "big")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
