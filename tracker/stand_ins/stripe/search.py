"""Searching payment intents. https://docs.stripe.com/search

Stripe's index lags: what has just been made is not found for up to a minute ("don't use search for
read-after-write flows"). So it is here, by the stand-in's clock. Lists and retrievals never lag.
"""

from __future__ import annotations

import re
from typing import Any

from stripe import params as known

from tracker.stand_ins.stripe import forms
from tracker.stand_ins.stripe.errors import bad_param
from tracker.stand_ins.stripe.state import State, Thing

PARAMS = forms.Params(
    known.PaymentIntentSearchParams,
    {"query": forms.text, "limit": forms.whole, "page": forms.text},
    required=("query",),
)
CLAUSE = re.compile(
    r"""(?P<not>-)?(?P<field>metadata\[(?:"[^"]+"|'[^']+')\]|\w+)\s*(?P<op>:|~|<=|>=|<|>)\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\w+)"""
)
FIELDS = ("amount", "created", "currency", "customer", "status")
JOIN = re.compile(r"\s+(AND|OR)\s+|\s+", re.IGNORECASE)


def search(state: State, params: Thing) -> Thing:
    """GET /v1/payment_intents/search"""
    clauses, any_of = _parse(params["query"])
    indexed_until = state.clock.now() - state.search_lag_s
    found = []
    for intent in reversed(state.intents.values()):
        verdicts = (_holds(clause, intent) for clause in clauses)
        if intent["created"] <= indexed_until and (any(verdicts) if any_of else all(verdicts)):
            found.append(intent)
    first, limit = int(params.get("page", "0")), params.get("limit", 10)
    more = len(found) > first + limit
    return {
        "object": "search_result",
        "data": found[first : first + limit],
        "has_more": more,
        "next_page": str(first + limit) if more else None,
        "url": "/v1/payment_intents/search",
    }


def _parse(query: str) -> tuple[list[re.Match[str]], bool]:
    """The clauses, and whether any of them is enough."""
    clauses: list[re.Match[str]] = []
    joins: set[str] = set()
    at = 0
    query = query.strip()
    while at < len(query):
        clause = CLAUSE.match(query, at)
        if clause is None or not (clause["field"] in FIELDS or clause["field"].startswith("metadata[")):
            raise bad_param("We were unable to parse your search query.", "query")
        clauses.append(clause)
        at = clause.end()
        if at < len(query):
            join = JOIN.match(query, at)
            if join is None:
                raise bad_param("We were unable to parse your search query.", "query")
            joins.add((join[1] or "AND").upper())
            at = join.end()
    if len(joins) > 1 or not clauses:
        raise bad_param("AND and OR cannot be used in the same query.", "query")
    return clauses, joins == {"OR"}


def _holds(clause: re.Match[str], intent: Thing) -> bool:
    field, wanted = clause["field"], clause["value"]
    if wanted[0] in "'\"":
        wanted = re.sub(r"\\(.)", r"\1", wanted[1:-1])
    if field.startswith("metadata["):
        value: Any = intent["metadata"].get(field[len("metadata['") : -len("']")])
    else:
        value = intent[field]
    return _compares(clause["op"], value, wanted) != bool(clause["not"])


def _compares(operator: str, value: Any, wanted: str) -> bool:
    if value is None:
        return False
    if operator == ":":
        return str(value).lower() == wanted.lower()
    if operator == "~":
        return wanted.lower() in str(value).lower()
    if not isinstance(value, int) or not wanted.isdecimal():
        raise bad_param("Only numbers can be compared by size.", "query")
    limit = int(wanted)
    return {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[operator]
