"""What a test may see and do at the stand-in's Stripe: the part of the world that Stripe's API is not."""

from __future__ import annotations

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.faults import Faults
from tracker.stand_ins.stripe import cards, intents, refunds, transfers
from tracker.stand_ins.stripe.keys import Keys
from tracker.stand_ins.stripe.service import StripeService
from tracker.stand_ins.stripe.state import State, Thing

WEBHOOK_SECRET = "whsec_stand_in_for_stripe"  # noqa: S105 - it signs for this stand-in only


class Stripe:
    """The controls. May be used from any thread. `url` is where the API is."""

    def __init__(self, clock: Clock) -> None:
        self.url = ""
        self.webhook_secret = WEBHOOK_SECRET
        self.service = StripeService(clock)
        self._clock = clock

    @property
    def secret_key(self) -> str:
        """What clients sign in with."""
        return self.service.secret_key

    @property
    def state(self) -> State:
        """All objects, as Stripe shows them."""
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
        """Put money into our balance, as a top-up does."""
        with self.service.lock:
            self.state.book("topup", amount_cents, currency, "a top-up")

    def expire_hold(self, intent_id: str) -> Thing:
        """The bank lets a hold go before its time."""
        with self.service.lock:
            intent = self.state.get("pi", intent_id)
            intents.let_go(self.state, intent, "automatic")
            return intent

    def settle_refund(self, refund_id: str, *, failed: bool = False) -> Thing:
        """A pending refund arrives, or a refund fails and the money is ours again."""
        with self.service.lock:
            return (refunds.fail if failed else refunds.succeed)(self.state, refund_id)
