"""Events: what became of objects, newest first. https://docs.stripe.com/api/events"""

from __future__ import annotations

from stripe import params as known

from tracker.stand_ins.stripe import cards, forms
from tracker.stand_ins.stripe.state import State, Thing, page

RETRIEVE = forms.Params(known.EventRetrieveParams, {})
LIST = forms.Params(
    known.EventListParams,
    {**cards.PAGE, "created": forms.moments, "type": forms.text, "types": forms.texts},
)


def retrieve(state: State, _params: Thing, event_id: str) -> Thing:
    """GET /v1/events/{id}"""
    return state.get("evt", event_id)


def list_all(state: State, params: Thing) -> Thing:
    """GET /v1/events"""
    types = [params["type"]] if "type" in params else params.get("types", [])
    return page(state, "evt", "/v1/events", params, lambda one: not types or one["type"] in types)
