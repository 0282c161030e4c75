"""The sandbox of each channel: what would have been sent is kept and shown to dispatch, labelled as such.

It delivers at once and never fails. A tracking link's secret is not kept: whoever reads the sandbox later
must not be able to open a customer's page with it.
"""

# ruff: noqa: ARG002 - the arguments are the protocols'

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from db.pool import Database
from db.sandbox import put
from tracker.messages.channels import Mail, ProviderName, Push, Sent, Sms, Subscription
from tracker.messages.vapid import sandbox_public_key
from tracker.settings import Settings

HIDDEN = "[link]"


class _Sandbox:
    """Keeps messages where a provider would send them."""

    name: ProviderName = "sandbox"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _keep(self, kind: str, key: str, job_id: UUID | None, body: dict[str, Any]) -> Sent:
        """Keep one message once per key."""
        async with self._database.transaction() as conn:
            await put(conn, key, kind, key, job_id, body)
        return Sent(key, delivered=True, cost_micros=0)


class SandboxSms(_Sandbox):
    """Texts that are not sent."""

    async def send(self, sms: Sms) -> Sent:
        """Keep it."""
        body = {"to": sms.to, "body": _without(sms.body, sms.secret)}
        return await self._keep("sms", f"sandbox:sms:{sms.delivery_id}", sms.job_id, body)

    async def find(
        self,
        sms: Sms,
        *,
        since: datetime,
        not_these: frozenset[str],
    ) -> Sent | None:
        """Keeping it again keeps it once, so there is nothing to look for."""
        return None

    async def fetch(self, provider_id: str) -> Sent:
        """It arrived, and cost nothing."""
        return Sent(provider_id, delivered=True, cost_micros=0)


class SandboxEmail(_Sandbox):
    """Mail that is not sent. Pictures are named, not kept."""

    async def send(self, mail: Mail) -> Sent:
        """Keep it."""
        body = {
            "to": mail.to,
            "subject": mail.subject,
            "text": _without(mail.text, mail.secret),
            "html": _without(mail.html, mail.secret),
            "pictures": [picture.name for picture in mail.pictures],
        }
        return await self._keep("email", f"sandbox:email:{mail.delivery_id}", mail.job_id, body)


class SandboxPush(_Sandbox):
    """Pushes that are not sent."""

    def __init__(self, database: Database, settings: Settings) -> None:
        super().__init__(database)
        self.public_key = sandbox_public_key(settings.need_secret())

    async def send(self, subscription: Subscription, push: Push) -> Sent:
        """Keep it, once for all browsers of the person."""
        body = {"title": push.title, "body": push.body, "url": _without(push.url, push.secret)}
        return await self._keep("push", f"sandbox:push:{push.delivery_id}", push.job_id, body)


def _without(text: str, secret: str) -> str:
    return text.replace(secret, HIDDEN) if secret else text
