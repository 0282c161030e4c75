"""What a bank, Stripe and somebody at Stripe's dashboard do to money, at random."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tests.money_stage import Stage
from tracker.stand_ins import Kind

PATHS = (
    "POST /v1/payment_intents",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/*/capture",
    "POST /v1/payment_intents/*/cancel",
    "POST /v1/refunds",
    "POST /v1/checkout/sessions",
    "POST /v1/transfers",
    "GET /v1/*",
)
KINDS = (
    (Kind.SILENT_BEFORE, 500),
    (Kind.SILENT_AFTER, 500),
    (Kind.CUT, 500),
    (Kind.ERROR_AFTER, 500),
    (Kind.ERROR_BEFORE, 500),
    (Kind.ERROR_BEFORE, 429),
    (Kind.ERROR_BEFORE, 409),
)
LOOKS = ("GET /v1/payment_intents*", "GET /v1/refunds", "GET /v1/transfers*", "GET /v1/disputes*")


@dataclass
class Whims:
    """Nobody asks us for these; we hear of them later, or never. `number` makes what is done there unique."""

    stage: Stage
    random: Random
    number: int = 0

    async def dispute(self) -> None:
        assert self.stage.stripe is not None
        state = self.stage.stripe.state
        captured = [
            one
            for one in state.intents.values()
            if one["status"] == "succeeded" and not state.charges[one["latest_charge"]]["disputed"]
        ]
        if captured:
            intent = self.random.choice(captured)
            given = sum(
                one["amount"] for one in state.refunds.values() if one["payment_intent"] == intent["id"]
            )
            left = intent["amount_received"] - given
            if left > 0:
                self.stage.stripe.open_dispute(intent["id"], self.random.choice((left, 1 + left // 3)))

    async def judge(self) -> None:
        assert self.stage.stripe is not None
        disputes = self.stage.stripe.state.disputes
        undecided = [one["id"] for one in disputes.values() if one["status"] == "needs_response"]
        if undecided:
            chosen = self.random.choice(undecided)
            self.stage.stripe.close_dispute(chosen, won=self.random.random() < 0.5)

    async def appeal(self) -> None:
        """A bank changes its mind about a lost dispute."""
        assert self.stage.stripe is not None
        disputes = self.stage.stripe.state.disputes
        lost = [one for one in disputes.values() if one["status"] == "lost"]
        if lost:
            self.random.choice(lost)["status"] = "won"

    async def give_back(self) -> None:
        """Somebody refunds a part at Stripe itself."""
        assert self.stage.stripe is not None
        taken = [one for one in self.stage.stripe.state.intents.values() if one["amount_received"]]
        if taken:
            intent, self.number = self.random.choice(taken), self.number + 1
            cents = self.random.randint(1, max(1, intent["amount_received"] // 2))
            await self.stage.tools.providers.payments.refund(f"back:{self.number}", intent["id"], cents, {})

    async def dashboard(self) -> None:
        """Somebody captures a hold at Stripe itself."""
        assert self.stage.stripe is not None
        held = [one for one in self.stage.stripe.state.intents.values() if one["amount_capturable"]]
        if held:
            intent, self.number = self.random.choice(held), self.number + 1
            amount = self.random.randint(1, intent["amount_capturable"])
            await self.stage.tools.providers.payments.capture(
                f"dashboard:{self.number}", intent["id"], amount
            )

    async def expire(self) -> None:
        assert self.stage.stripe is not None
        held = [one for one in self.stage.stripe.state.intents.values() if one["amount_capturable"]]
        if held:
            self.stage.stripe.expire_hold(self.random.choice(held)["id"])

    async def forget_keys(self) -> None:
        assert self.stage.stripe is not None
        self.stage.stripe.expire_keys()

    async def fault(self) -> None:
        assert self.stage.stripe is not None
        kind, status = self.random.choice(KINDS)
        times = self.random.choice((1, 1, 2, 3))
        self.stage.stripe.faults.plan(
            self.random.choice(PATHS), kind, times=times, status=status, delay_s=0.001
        )

    async def blind(self) -> None:
        """Stripe refuses to say what it has."""
        assert self.stage.stripe is not None
        self.stage.stripe.faults.plan(self.random.choice(LOOKS), Kind.ERROR_BEFORE, status=404)

    async def calm(self) -> None:
        assert self.stage.stripe is not None
        self.stage.stripe.faults.clear()
