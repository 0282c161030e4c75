"""The stand-in for a Web Push service and its browsers: RFC 8030, RFC 8188, RFC 8291, RFC 8292.

It does what a push service and a browser do between them: checks who sends, and reads the message with the
browser's own keys. The decryption is written here from the RFCs, apart from the library that encrypts.
"""

from __future__ import annotations

import base64
import secrets
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tracker.stand_ins.faults import Faults
from tracker.stand_ins.wire import Answer, Request, json_answer

PATH = "/push/"
MAX_BODY_BYTES = 4096  # RFC 8030 §7.2: what every service must take
MAX_TOKEN_S = 24 * 3600  # RFC 8292 §2
HEADER = struct.Struct("!16sLB")  # RFC 8188 §2.1: salt, record size, length of the key's id
URGENCIES = ("very-low", "low", "normal", "high")
BY_HTTP = ("subscribe_by_http", "unsubscribe", "received")


class PushError(Exception):
    """A push that the service refuses."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Received:
    """One push, as the page's service worker gets it."""

    payload: bytes
    ttl_s: int
    urgency: str
    topic: str | None
    subject: str  # whom the service may write to about it


@dataclass(slots=True)
class Browser:
    """A browser that asked to be told. `endpoint`, `p256dh` and `auth` are what it gives to the page."""

    endpoint: str
    p256dh: str
    auth: str
    server_key: str | None
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    gone: bool = False
    received: list[Received] = field(default_factory=list)


class PushService:
    """The service and its controls. `url` is where its endpoints are."""

    def __init__(self) -> None:
        self.url = ""
        self.faults = Faults()
        self.requests: list[str] = []
        self._browsers: dict[str, Browser] = {}
        self._lock = threading.Lock()

    def subscribe(self, server_key: str | None = None) -> Browser:
        """A new browser. With `server_key` (the VAPID key it subscribed with) only its owner may push."""
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        browser_id, auth = secrets.token_urlsafe(24), secrets.token_bytes(16)
        browser = Browser(f"{self.url}{PATH}{browser_id}", _base64(point), _base64(auth), server_key, key)
        with self._lock:
            self._browsers[browser_id] = browser
        return browser

    def subscribe_by_http(self, server_key: str | None = None) -> dict[str, Any]:
        """A new browser, as `PushSubscription.toJSON()` shows it."""
        browser = self.subscribe(server_key)
        return {"endpoint": browser.endpoint, "keys": {"p256dh": browser.p256dh, "auth": browser.auth}}

    def unsubscribe(self, endpoint: str) -> None:
        """The browser is gone: pushes to it are answered with 410."""
        self._named(endpoint).gone = True

    def received(self, endpoint: str) -> list[str]:
        """The payloads that a browser got, in order."""
        return [one.payload.decode() for one in self._named(endpoint).received]

    def begin(self, request: Request) -> Answer | None:
        """Everybody may knock; the token is looked at later."""
        self.requests.append(request.line)
        return None

    def answer(self, request: Request) -> Answer:
        """Take one push for a browser."""
        browser = self._browsers.get(request.path.removeprefix(PATH))
        try:
            if browser is None or request.method != "POST":
                raise PushError(404, "no such subscription")
            received = self._check(browser, request)
        except PushError as error:
            return json_answer(error.status, {"message": str(error)})
        browser.received.append(received)
        where = f"{self.url}/message/{secrets.token_urlsafe(12)}"
        return Answer(201, b"", {"Location": where, "TTL": str(received.ttl_s)})

    def fail(self, _request: Request, status: int, *, done: bool) -> Answer:  # noqa: ARG002
        """An injected error; a push service says when to come back."""
        return json_answer(status, {"message": "injected"}, Retry_After="1")

    def end(self, _request: Request) -> None:
        """Nothing to tidy up."""

    def _named(self, endpoint: str) -> Browser:
        return self._browsers[endpoint.rsplit("/", 1)[1]]

    def _check(self, browser: Browser, request: Request) -> Received:
        """Every reason to refuse a push, in the order of the RFCs."""
        subject = _sender(request.headers.get("authorization", ""), self.url, browser.server_key)
        if browser.gone:
            raise PushError(410, "the subscription has ended")
        ttl = request.headers.get("ttl", "")
        if not ttl.isdecimal():
            raise PushError(400, "TTL is missing")  # RFC 8030 §5.2
        urgency = request.headers.get("urgency", "normal")
        if urgency not in URGENCIES:
            raise PushError(400, f"no such urgency: {urgency}")
        topic = request.headers.get("topic")
        if topic is not None and (len(topic) > 32 or not set(topic) <= BASE64URL):
            raise PushError(400, "a topic has at most 32 characters of base64url")  # RFC 8030 §5.4
        if len(request.body) > MAX_BODY_BYTES:
            raise PushError(413, "the message is too long")
        if request.headers.get("content-encoding") != "aes128gcm":
            raise PushError(400, "the message is not encrypted as RFC 8291 asks")
        return Received(decrypt(browser, request.body), int(ttl), urgency, topic, subject)


BASE64URL = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def decrypt(browser: Browser, body: bytes) -> bytes:
    """The message of one record (RFC 8188 §2, RFC 8291 §3.4). Raises PushError when it is not for us."""
    if len(body) < HEADER.size + 65:
        raise PushError(400, "the message is too short")
    salt, record_size, id_length = HEADER.unpack_from(body)
    their_point, sealed = body[HEADER.size : HEADER.size + id_length], body[HEADER.size + id_length :]
    if len(sealed) > record_size:
        raise PushError(400, "a push has one record")
    try:
        their_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), their_point)
        shared = browser.key.exchange(ec.ECDH(), their_key)
        our_point = browser.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        info = b"WebPush: info\0" + our_point + their_point
        secret = _derive(_bytes(browser.auth), shared, info, 32)
        content_key = _derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(salt, secret, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(content_key).decrypt(nonce, sealed, None)
    except (ValueError, InvalidTag):
        raise PushError(400, "the message is not for this browser") from None
    message, end, padding = padded.rpartition(b"\x02")
    if not end or padding.strip(b"\0"):
        raise PushError(400, "the last record does not end as it should")
    return message


def _sender(header: str, our_url: str, server_key: str | None) -> str:
    """Whom the token names. Raises PushError: 401 without a good token, 403 for another's subscription."""
    scheme, _, rest = header.partition(" ")
    parts = dict(one.strip().partition("=")[::2] for one in rest.split(","))
    if scheme.lower() != "vapid" or not parts.get("t") or not parts.get("k"):
        raise PushError(401, "RFC 8292 asks for `vapid t=…, k=…`")
    if server_key is not None and parts["k"] != server_key:
        raise PushError(403, "the browser subscribed with another key")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(parts["k"]))
        claims = jwt.decode(
            parts["t"],
            key,
            algorithms=["ES256"],
            audience=our_url,
            options={"require": ["exp", "aud", "sub"]},
        )
    except (ValueError, jwt.InvalidTokenError) as error:
        raise PushError(401, f"the token is not good: {error}") from None
    if claims["exp"] > time.time() + MAX_TOKEN_S:
        raise PushError(401, "the token is good for more than a day")
    subject = str(claims["sub"])
    if not subject.startswith(("mailto:", "https://")):
        raise PushError(401, "the token's subject is nobody to write to")
    return subject


def _derive(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
