"""The outside services of one process: real ones where keys are set, their sandboxes where not."""

from __future__ import annotations

from dataclasses import dataclass

from db.pool import Database
from tracker.evidence.store import Store, open_store
from tracker.messages.channels import EmailSender, PushSender, SmsSender, open_email, open_push, open_sms
from tracker.money.open_payments import open_payments
from tracker.money.provider import PaymentProvider
from tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class Providers:
    """One of each kind."""

    payments: PaymentProvider
    sms: SmsSender
    email: EmailSender
    push: PushSender
    store: Store

    @classmethod
    def open(cls, settings: Settings, database: Database) -> Providers:
        """Choose by the settings; nothing is called yet."""
        return cls(
            payments=open_payments(settings, database),
            sms=open_sms(settings, database),
            email=open_email(settings, database),
            push=open_push(settings, database),
            store=open_store(settings),
        )

    async def aclose(self) -> None:
        """Close all connections."""
        for provider in (self.payments, self.sms, self.email, self.push, self.store):
            await provider.aclose()
