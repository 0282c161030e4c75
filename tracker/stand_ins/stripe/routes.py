"""Every operation of Stripe's API that the stand-in has: one line each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tracker.stand_ins.stripe import (
    cards,
    charges,
    checkout,
    disputes,
    events,
    forms,
    intents,
    refunds,
    search,
    transfers,
)
from tracker.stand_ins.stripe.state import Thing


@dataclass(frozen=True)
class Operation:
    """One method and path. `run` takes the state, the parameters and the ids in the path."""

    method: str
    path: str
    run: Callable[..., Thing]
    params: forms.Params

    def match(self, method: str, path: str) -> list[str] | None:
        """The ids in the path, or None when this is another operation."""
        pattern = re.sub(r"\{\w+\}", "([^/]+)", self.path)
        found = re.fullmatch(pattern, path) if method == self.method else None
        return list(found.groups()) if found else None


OPERATIONS = [
    Operation("POST", "/v1/customers", cards.create_customer, cards.CREATE),
    Operation("GET", "/v1/customers/{id}", cards.retrieve_customer, cards.RETRIEVE),
    Operation("GET", "/v1/payment_methods", cards.list_methods, cards.LIST),
    Operation("GET", "/v1/payment_methods/{id}", cards.retrieve_method, cards.RETRIEVE_METHOD),
    Operation("POST", "/v1/payment_methods/{id}/attach", cards.attach_method, cards.ATTACH),
    Operation("POST", "/v1/payment_methods/{id}/detach", cards.detach_method, cards.DETACH),
    Operation("POST", "/v1/payment_intents", intents.create, intents.CREATE),
    Operation("GET", "/v1/payment_intents", intents.list_all, intents.LIST),
    Operation("GET", "/v1/payment_intents/search", search.search, search.PARAMS),
    Operation("GET", "/v1/payment_intents/{id}", intents.retrieve, intents.RETRIEVE),
    Operation("POST", "/v1/payment_intents/{id}", intents.update, intents.UPDATE),
    Operation("POST", "/v1/payment_intents/{id}/capture", intents.capture, intents.CAPTURE),
    Operation("POST", "/v1/payment_intents/{id}/cancel", intents.cancel, intents.CANCEL),
    Operation("GET", "/v1/charges/{id}", charges.retrieve, charges.RETRIEVE),
    Operation("POST", "/v1/refunds", refunds.create, refunds.CREATE),
    Operation("GET", "/v1/refunds", refunds.list_all, refunds.LIST),
    Operation("GET", "/v1/refunds/{id}", refunds.retrieve, refunds.RETRIEVE),
    Operation("POST", "/v1/checkout/sessions", checkout.create, checkout.CREATE),
    Operation("GET", "/v1/checkout/sessions", checkout.list_all, checkout.LIST),
    Operation("GET", "/v1/checkout/sessions/{id}", checkout.retrieve, checkout.RETRIEVE),
    Operation("POST", "/v1/checkout/sessions/{id}/expire", checkout.expire, checkout.EXPIRE),
    Operation("GET", "/v1/disputes", disputes.list_all, disputes.LIST),
    Operation("GET", "/v1/disputes/{id}", disputes.retrieve, disputes.RETRIEVE),
    Operation("GET", "/v1/events", events.list_all, events.LIST),
    Operation("GET", "/v1/events/{id}", events.retrieve, events.RETRIEVE),
    Operation("POST", "/v1/transfers", transfers.create, transfers.CREATE),
    Operation("GET", "/v1/transfers", transfers.list_all, transfers.LIST),
    Operation("GET", "/v1/transfers/{id}", transfers.retrieve, transfers.RETRIEVE),
    Operation("POST", "/v1/transfers/{id}/reversals", transfers.reverse, transfers.REVERSE),
    Operation("GET", "/v1/transfers/{id}/reversals", transfers.list_reversals, transfers.LIST_REVERSALS),
    Operation(
        "GET", "/v1/transfers/{id}/reversals/{id}", transfers.retrieve_reversal, transfers.RETRIEVE_REVERSAL
    ),
    Operation("GET", "/v1/accounts/{id}", transfers.retrieve_account, transfers.RETRIEVE_ACCOUNT),
    Operation("GET", "/v1/balance", transfers.balance, transfers.BALANCE),
]


def find(method: str, path: str) -> tuple[Operation, list[str]] | None:
    """The operation that a request means, and the ids in its path."""
    for operation in OPERATIONS:
        ids = operation.match(method, path)
        if ids is not None:
            return operation, ids
    return None
