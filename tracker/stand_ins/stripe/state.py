"""What the stand-in's Stripe account holds: objects as Stripe shows them, by id, in order of their making."""

from __future__ import annotations

import copy
import math
import secrets
from collections.abc import Callable
from typing import Any, TypeAlias

from tracker.stand_ins.clock import Clock
from tracker.stand_ins.stripe.errors import StripeError, bad_param, missing

Thing: TypeAlias = dict[str, Any]  # an object as Stripe's API shows it
SEARCH_LAG_S = 60.0  # docs.stripe.com/search: "searchable in less than one minute" under normal conditions
TABLES = {  # id prefix -> (table, what Stripe calls one in an error)
    "acct": ("accounts", "account"),
    "ch": ("charges", "charge"),
    "cs": ("sessions", "checkout.session"),
    "cus": ("customers", "customer"),
    "du": ("disputes", "dispute"),
    "evt": ("events", "event"),
    "pi": ("intents", "payment_intent"),
    "pm": ("payment_methods", "PaymentMethod"),
    "re": ("refunds", "refund"),
    "tr": ("transfers", "transfer"),
    "trr": ("reversals", "transfer reversal"),
    "txn": ("balance_transactions", "balance transaction"),
}


class State:
    """All objects, and the events that say what became of them. `told` hears each new event."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.accounts: dict[str, Thing] = {}
        self.charges: dict[str, Thing] = {}
        self.sessions: dict[str, Thing] = {}
        self.customers: dict[str, Thing] = {}
        self.disputes: dict[str, Thing] = {}
        self.events: dict[str, Thing] = {}
        self.intents: dict[str, Thing] = {}
        self.payment_methods: dict[str, Thing] = {}
        self.refunds: dict[str, Thing] = {}
        self.transfers: dict[str, Thing] = {}
        self.reversals: dict[str, Thing] = {}
        self.balance_transactions: dict[str, Thing] = {}
        self.intent_data: dict[str, Thing] = {}  # checkout session -> what its payment intent will have
        self.behaviours: dict[str, str] = {}  # payment method -> the test card it was made from
        self.pay_url = ""  # where checkout pages are
        self.search_lag_s = SEARCH_LAG_S
        self.next_end = math.inf  # when the next hold or session ends by itself
        self._available: dict[str, int] = {}
        self.told: Callable[[Thing], None] = lambda _event: None

    def table(self, prefix: str) -> dict[str, Thing]:
        """The objects whose ids begin with `prefix`."""
        found: dict[str, Thing] = getattr(self, TABLES[prefix][0])
        return found

    def add(self, prefix: str, thing: Thing, object_id: str | None = None) -> Thing:
        """Keep a new object: its id, name and time are put in front."""
        made = {
            "id": object_id or f"{prefix}_{secrets.token_hex(12)}",
            "object": TABLES[prefix][1].lower().replace("paymentmethod", "payment_method").replace(" ", "_"),
            "created": int(self.clock.now()),
            "livemode": False,
            **thing,
        }
        self.table(prefix)[made["id"]] = made
        return made

    def get(self, prefix: str, object_id: str, param: str | None = None) -> Thing:
        """An object by id. Raises StripeError: 404, or 400 when it was named by a parameter."""
        found = self.table(prefix).get(object_id)
        if found is None:
            noun = TABLES[prefix][1]
            raise missing(noun, object_id, param or "id", 404 if param is None else 400)
        return found

    def emit(self, event_type: str, thing: Thing, previous: Thing | None = None) -> Thing:
        """Record an event with the object as it is now."""
        data = {"object": copy.deepcopy(thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.add(
            "evt",
            {
                "api_version": None,
                "type": event_type,
                "data": data,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
            },
        )
        self.told(event)
        return event

    def book(self, kind: str, amount_cents: int, currency: str, source: str) -> str:
        """Change our balance; returns the balance transaction's id. This account pays no fees."""
        facts = {"amount": amount_cents, "fee": 0, "net": amount_cents, "currency": currency}
        rest = {"type": kind, "source": source, "status": "available"}
        self._available[currency] = self.available_cents(currency) + amount_cents
        return str(self.add("txn", {**facts, **rest})["id"])

    def available_cents(self, currency: str) -> int:
        """What we could transfer now."""
        return self._available.get(currency, 0)

    def expect(self, moment: float) -> None:
        """Something ends by itself at this moment, unless it ends before."""
        self.next_end = min(self.next_end, moment)


def expand(state: State, thing: Thing, paths: list[str]) -> Thing:
    """A copy of `thing` in which ids under `paths` are replaced by their objects."""
    shown = copy.deepcopy(thing)
    for path in paths:
        _expand_one(state, shown, path.split("."), path)
    return shown


def _expand_one(state: State, node: Any, parts: list[str], path: str) -> None:
    name, *rest = parts
    if name not in node:
        raise bad_param(f"This property cannot be expanded ({path}).", "expand")
    if isinstance(node[name], str):
        prefix = node[name].split("_")[0]
        if prefix not in TABLES:
            raise bad_param(f"This property cannot be expanded ({path}).", "expand")
        node[name] = copy.deepcopy(state.get(prefix, node[name]))
    for one in node[name] if isinstance(node[name], list) else [node[name]]:
        if rest and one is not None:
            _expand_one(state, one, rest, path)


def page(state: State, prefix: str, url: str, params: Thing, matches: Callable[[Thing], bool]) -> Thing:
    """A list of the newest matching objects, by Stripe's cursors."""
    limit = params.get("limit", 10)
    if limit > 100:
        raise bad_param("This value must be less than or equal to 100.", "limit", "parameter_invalid_integer")
    created = params.get("created", {})
    newest = [one for one in reversed(state.table(prefix).values()) if within(one["created"], created)]
    found = [one for one in newest if matches(one)]
    more = False
    if after := params.get("starting_after"):
        found = found[_index(found, after, "starting_after") + 1 :]
    elif before := params.get("ending_before"):
        found = found[: _index(found, before, "ending_before")]
        more, found = len(found) > limit, found[-limit:]
    more = more or len(found) > limit
    return {"object": "list", "data": found[:limit], "has_more": more, "url": url}


def within(moment: int, limits: dict[str, int]) -> bool:
    """Whether a time is inside Stripe's gt, gte, lt, lte."""
    tests: dict[str, Callable[[int, int], bool]] = {
        "gt": int.__gt__,
        "gte": int.__ge__,
        "lt": int.__lt__,
        "lte": int.__le__,
    }
    return all(tests[name](moment, limit) for name, limit in limits.items())


def _index(found: list[Thing], object_id: str, param: str) -> int:
    for index, one in enumerate(found):
        if one["id"] == object_id:
            return index
    raise StripeError(400, f"No such object: '{object_id}'", code="resource_missing", param=param)
