"""Web push to browsers: RFC 8030 (delivery), RFC 8291 (encryption, by pywebpush), RFC 8292 (VAPID).

A push service cannot be asked what it delivered. Each push carries a topic and a tag, so that one sent
twice replaces the first: at the service while it waits, on the screen when it has come.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from urllib.parse import urlsplit

import httpx
import jwt
import msgspec
from pywebpush import WebPusher, WebPushException

from tracker.messages.channels import Gone, NotNow, ProviderName, Push, Refused, Sent, Subscription, Unsure
from tracker.messages.http_errors import certainly_not_sent, retry_after_s
from tracker.messages.push_hosts import is_push_endpoint
from tracker.messages.vapid import public_key_of, read_private_key
from tracker.settings import Settings

TIMEOUT_S = 5.0  # a person has several browsers, and all must be asked within the worker's time for an effect
TOKEN_TTL_S = 12 * 3600  # RFC 8292 §2 allows 24 h
MAX_BODY_CHARS = 300  # RFC 8030 §7.2: a service need not take more than 4096 bytes


class WebPush:
    """Sends, signed by the company's key, to the push services that the settings allow."""

    name: ProviderName = "webpush"

    def __init__(self, private_key: str, subject: str, hosts: tuple[str, ...]) -> None:
        self._key = read_private_key(private_key)
        self.public_key = public_key_of(private_key)
        self._subject = subject
        self._hosts = hosts
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    @classmethod
    def open(cls, settings: Settings) -> WebPush:
        """By the settings; nothing is called yet."""
        return cls(settings.vapid_private_key or "", settings.vapid_subject or "", settings.push_hosts)

    async def send(self, subscription: Subscription, push: Push) -> Sent:
        """Send to one browser. Raises Gone, Refused, NotNow, Unsure."""
        if not is_push_endpoint(subscription.endpoint, self._hosts):
            raise Gone("PUSH_HOSTS does not allow this push service (any more)")
        body = _encrypted(subscription, push)
        try:
            answer = await self._client.post(
                subscription.endpoint, content=body, headers=self._headers(subscription, push)
            )
        except httpx.HTTPError as error:
            if certainly_not_sent(error):
                raise NotNow(f"the push service cannot be reached ({type(error).__name__})") from error
            raise Unsure(f"the push service did not answer ({type(error).__name__})") from error
        if answer.is_success:
            return Sent(None)
        if answer.status_code in (404, 410):
            raise Gone("the browser has unsubscribed")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise NotNow(f"the push service answered {answer.status_code}", retry_in_s=retry_after_s(answer))
        raise Refused(f"the push service refused it ({answer.status_code})")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _headers(self, subscription: Subscription, push: Push) -> dict[str, str]:
        parts = urlsplit(subscription.endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + TOKEN_TTL_S,
            "sub": self._subject,
        }
        token = jwt.encode(claims, self._key, algorithm="ES256")
        topic = base64.urlsafe_b64encode(hashlib.sha256(push.tag.encode()).digest()[:24]).decode()
        return {
            "Authorization": f"vapid t={token}, k={self.public_key}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(push.ttl_s),
            "Urgency": "high" if push.urgent else "normal",
            "Topic": topic,  # 32 characters of base64url: RFC 8030 §5.4
        }


def payload_of(push: Push) -> bytes:
    """What the page's service worker gets, as JSON."""
    return msgspec.json.encode(
        {"title": push.title, "body": push.body[:MAX_BODY_CHARS], "url": push.url, "tag": push.tag}
    )


def _encrypted(subscription: Subscription, push: Push) -> bytes:
    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    try:
        pusher = WebPusher({"endpoint": subscription.endpoint, "keys": keys})
        return bytes(pusher.encode(payload_of(push))["body"])
    except (WebPushException, ValueError, binascii.Error) as error:
        raise Gone(f"the browser's keys are none ({type(error).__name__})") from error
