"""What a test may see and do at the stand-in's Stripe: the part of the world that Stripe's API is not."""

from __future__ import annotations

from typing import Any

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.faults import Faults
from tracker.stand_ins.stripe import cards, checkout, disputes, intents, refunds, transfers
from tracker.stand_ins.stripe.errors import unexpected_state
from tracker.stand_ins.stripe.keys import Keys
from tracker.stand_ins.stripe.service import StripeService
from tracker.stand_ins.stripe.state import State, Thing
from tracker.stand_ins.stripe.webhooks import Webhooks

BY_HTTP = (  # what `POST /_control/stripe/…` may call
    "add_customer",
    "add_account",
    "restrict_account",
    "fund",
    "expire_hold",
    "settle_refund",
    "pay_checkout",
    "settle_checkout",
    "open_dispute",
    "close_dispute",
    "expire_keys",
    "send_webhooks_to",
    "hold_webhooks",
    "release_webhooks",
    "show",
)


class Stripe:
    """The controls. May be used from any thread. `url` is where the API is."""

    def __init__(self, clock: Clock) -> None:
        self.service = StripeService(clock)
        self.webhooks = Webhooks(self.service.state)

    @property
    def url(self) -> str:
        """Where the API is; the checkout pages are there too."""
        return self.service.state.pay_url

    @property
    def secret_key(self) -> str:
        """What clients sign in with."""
        return self.service.secret_key

    @property
    def state(self) -> State:
        """All objects, as Stripe shows them. Time that has passed has left its marks."""
        self.service.let_time_pass()
        return self.service.state

    @property
    def faults(self) -> Faults:
        """What shall go wrong."""
        return self.service.faults

    @property
    def keys(self) -> Keys:
        """The idempotency keys."""
        return self.service.keys

    def add_customer(self, card: str = "pm_card_visa", email: str | None = None) -> tuple[str, str]:
        """A customer with a saved card; returns both ids. `card` is one of Stripe's test cards."""
        with self.service.lock:
            customer = cards.create_customer(self.state, {"email": email} if email else {})
            method = cards.use(self.state, card, customer["id"])
            cards.attach(self.state, method, customer["id"])
            return customer["id"], method["id"]

    def add_account(self, account_id: str | None = None) -> str:
        """A connected account that can be paid; returns its id."""
        with self.service.lock:
            return str(transfers.add_account(self.state, account_id)["id"])

    def restrict_account(self, account_id: str, *, restricted: bool = True) -> None:
        """Stripe wants to know more about somebody before it pays them; or knows it now."""
        with self.service.lock:
            account = self.state.get("acct", account_id)
            account["capabilities"]["transfers"] = "inactive" if restricted else "active"
            account["payouts_enabled"] = not restricted
            self.state.emit("account.updated", account)

    def fund(self, amount_cents: int, currency: str = "usd") -> None:
        """Put money into our balance, as a top-up does; a negative amount takes it out."""
        with self.service.lock:
            self.state.book("topup", amount_cents, currency, "a top-up")

    def expire_hold(self, intent_id: str) -> Thing:
        """The bank lets a hold go before its time. Raises StripeError when nothing is held."""
        with self.service.lock:
            intent = self.state.get("pi", intent_id)
            if intent["status"] != "requires_capture":
                raise unexpected_state(intent, "expired", ["requires_capture"])
            intents.let_go(self.state, intent, "automatic")
            return intent

    def settle_refund(self, refund_id: str, *, failed: bool = False) -> Thing:
        """A pending refund arrives, or one that had not failed yet fails and the money is ours again."""
        with self.service.lock:
            return (refunds.fail if failed else refunds.succeed)(self.state, refund_id)

    def pay_checkout(
        self,
        session_id: str,
        card: str = "pm_card_visa",
        *,
        delayed: bool = False,
        name: str = "Cleo Hart",
        email: str = "cleo@example.com",
        phone: str = "+15550102",
    ) -> Thing:
        """The customer pays; `delayed`: by a method that is settled later. Returns the session.

        Raises StripeError when the card is declined or the session is not open.
        """
        with self.service.lock:
            payer = {"name": name, "email": email, "phone": phone}
            return checkout.pay(self.state, session_id, card, payer, delayed=delayed)

    def settle_checkout(self, session_id: str, *, failed: bool = False) -> Thing:
        """A delayed payment arrives, or does not."""
        with self.service.lock:
            return checkout.settle_delayed(self.state, session_id, failed=failed)

    def open_dispute(
        self, intent_id: str, amount_cents: int | None = None, reason: str = "fraudulent"
    ) -> Thing:
        """The customer's bank takes a captured payment back, for now."""
        with self.service.lock:
            return disputes.open_one(self.state, intent_id, amount_cents, reason)

    def close_dispute(self, dispute_id: str, *, won: bool) -> Thing:
        """The bank decides."""
        with self.service.lock:
            return disputes.close(self.state, dispute_id, won=won)

    def expire_keys(self, key: str | None = None) -> None:
        """Stripe forgets an idempotency key, or all of them."""
        with self.service.lock:
            self.keys.expire(key)

    def send_webhooks_to(self, url: str | None, types: list[str] | None = None) -> None:
        """Deliver every event from now on, or only some types; None stops it."""
        self.webhooks.url, self.webhooks.types = url, tuple(types or ())

    def hold_webhooks(self) -> None:
        """Keep webhooks back."""
        self.webhooks.courier.hold()

    def release_webhooks(self, order: str | list[int] = "as_made", times: int = 1, seed: int = 0) -> None:
        """Deliver what was kept back: `as_made`, `reversed`, `shuffled`, or by position."""
        self.webhooks.courier.release(order, times=times, seed=seed)

    def show(self, table: str) -> list[Any]:
        """All objects of a table, like `intents` or `events`, oldest first. Raises AttributeError."""
        with self.service.lock:
            return list(getattr(self.state, table).values())
