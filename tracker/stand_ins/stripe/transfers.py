"""Connected accounts, transfers to them and reversals. https://docs.stripe.com/connect"""

from __future__ import annotations

from stripe import params as known

from tracker.stand_ins.stripe import cards, forms
from tracker.stand_ins.stripe.errors import StripeError
from tracker.stand_ins.stripe.state import State, Thing, page

CREATE = forms.Params(
    known.TransferCreateParams,
    {
        "amount": forms.whole,
        "currency": forms.text,
        "destination": forms.text,
        "description": forms.text,
        "metadata": forms.metadata,
        "transfer_group": forms.text,
    },
    required=("currency", "destination", "amount"),
)
RETRIEVE = forms.Params(known.TransferRetrieveParams, {})
LIST = forms.Params(
    known.TransferListParams,
    {**cards.PAGE, "destination": forms.text, "transfer_group": forms.text, "created": forms.moments},
)
REVERSE = forms.Params(
    known.TransferReversalCreateParams,
    {"amount": forms.whole, "description": forms.text, "metadata": forms.metadata},
)
LIST_REVERSALS = forms.Params(known.TransferReversalListParams, cards.PAGE)
RETRIEVE_REVERSAL = forms.Params(known.TransferReversalRetrieveParams, {})
RETRIEVE_ACCOUNT = forms.Params(known.AccountRetrieveParams, {})
BALANCE = forms.Params(known.BalanceRetrieveParams, {})


def create(state: State, params: Thing) -> Thing:
    """POST /v1/transfers"""
    account = state.table("acct").get(params["destination"])
    if account is None:
        message = f"No such destination: '{params['destination']}'"
        raise StripeError(400, message, code="resource_missing", param="destination")
    if account["capabilities"]["transfers"] != "active":
        message = (
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments"
        )
        raise StripeError(400, message, code="insufficient_capabilities_for_transfer")
    if params["amount"] > state.available_cents(params["currency"]):
        message = "You have insufficient available funds in your Stripe account."
        raise StripeError(400, message, code="balance_insufficient")
    transfer = state.add(
        "tr",
        {
            "amount": params["amount"],
            "amount_reversed": 0,
            "balance_transaction": None,
            "currency": params["currency"],
            "description": params.get("description"),
            "destination": account["id"],
            "metadata": params.get("metadata", {}),
            "reversals": {"object": "list", "data": [], "has_more": False},
            "reversed": False,
            "source_transaction": None,
            "source_type": "card",
            "transfer_group": params.get("transfer_group"),
        },
    )
    transfer["balance_transaction"] = state.book(
        "transfer", -transfer["amount"], transfer["currency"], transfer["id"]
    )
    transfer["reversals"]["url"] = f"/v1/transfers/{transfer['id']}/reversals"
    state.emit("transfer.created", transfer)
    return transfer


def retrieve(state: State, _params: Thing, transfer_id: str) -> Thing:
    """GET /v1/transfers/{id}"""
    return state.get("tr", transfer_id)


def list_all(state: State, params: Thing) -> Thing:
    """GET /v1/transfers: Stripe cannot search transfers; `transfer_group` is the way to find one."""

    def matches(one: Thing) -> bool:
        return all(one[name] == params[name] for name in ("destination", "transfer_group") if name in params)

    return page(state, "tr", "/v1/transfers", params, matches)


def reverse(state: State, params: Thing, transfer_id: str) -> Thing:
    """POST /v1/transfers/{id}/reversals"""
    transfer = state.get("tr", transfer_id)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = params.get("amount", left)
    if left == 0:
        raise StripeError(400, f"Transfer {transfer_id} is already fully reversed.")
    if amount > left:
        message = f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})."
        raise StripeError(400, message, param="amount")
    reversal = state.add(
        "trr",
        {
            "amount": amount,
            "balance_transaction": None,
            "currency": transfer["currency"],
            "metadata": params.get("metadata", {}),
            "transfer": transfer_id,
        },
    )
    reversal["balance_transaction"] = state.book(
        "transfer_refund", amount, transfer["currency"], reversal["id"]
    )
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    state.emit("transfer.reversed", transfer)
    return reversal


def list_reversals(state: State, params: Thing, transfer_id: str) -> Thing:
    """GET /v1/transfers/{id}/reversals"""
    url = state.get("tr", transfer_id)["reversals"]["url"]
    return page(state, "trr", url, params, lambda one: one["transfer"] == transfer_id)


def retrieve_reversal(state: State, _params: Thing, transfer_id: str, reversal_id: str) -> Thing:
    """GET /v1/transfers/{id}/reversals/{id}"""
    state.get("tr", transfer_id)
    return state.get("trr", reversal_id)


def retrieve_account(state: State, _params: Thing, account_id: str) -> Thing:
    """GET /v1/accounts/{id}: 403 for an account that is not connected to ours, as at Stripe."""
    account = state.accounts.get(account_id)
    if account is None:
        message = f"The provided key does not have access to account '{account_id}' (or it does not exist)."
        raise StripeError(403, message, code="account_invalid")
    return account


def balance(state: State, _params: Thing) -> Thing:
    """GET /v1/balance"""
    currencies = sorted({one["currency"] for one in state.balance_transactions.values()} | {"usd"})
    amounts = [{"amount": state.available_cents(one), "currency": one} for one in currencies]
    return {"object": "balance", "available": amounts, "pending": [], "livemode": False}


def add_account(state: State, account_id: str | None = None) -> Thing:
    """A connected account that can be paid."""
    return state.add(
        "acct",
        {
            "type": "express",
            "charges_enabled": True,
            "payouts_enabled": True,
            "details_submitted": True,
            "capabilities": {"transfers": "active"},
            "requirements": {"disabled_reason": None, "currently_due": []},
            "metadata": {},
        },
        account_id,
    )
