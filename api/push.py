"""Web push over HTTP: the key to subscribe with, subscribe, unsubscribe."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from api.jobs import EVERYBODY
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input
from db.errors import Invalid, NotFound
from tracker.messages.subscribing import TooManyBrowsers, subscribe, unsubscribe

Req: TypeAlias = Request[Services, None, None]


class PushKeyAnswer(Answer):
    """`applicationServerKey` for `pushManager.subscribe`. In the sandbox nothing is really pushed."""

    public_key: str
    sandbox: bool


class BrowserKeys(Input):
    """The browser's keys, base64url."""

    p256dh: Annotated[str, Meta(min_length=1, max_length=200)]
    auth: Annotated[str, Meta(min_length=1, max_length=100)]


class SubscriptionBody(Input):
    """A `PushSubscription` as the browser's `toJSON()` gives it."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=1000)]
    keys: BrowserKeys
    expiration_time: float | None = None


class SubscriptionAnswer(Answer):
    """It is kept under this number; the same browser again keeps it."""

    success: bool
    id: int


@endpoint(
    "GET",
    "/api/push/key",
    summary="The key that browsers subscribe with.",
    roles=EVERYBODY,
    links=True,
    answer=PushKeyAnswer,
)
async def push_key(request: Req) -> PushKeyAnswer:
    push = request.services.providers.push
    return PushKeyAnswer(public_key=push.public_key, sandbox=push.name == "sandbox")


@endpoint(
    "POST",
    "/api/push/subscriptions",
    summary="Push to this browser; one that opened a tracking link hears of its job only.",
    roles=EVERYBODY,
    links=True,
    body=SubscriptionBody,
    answer=SubscriptionAnswer,
    problems=[Invalid, TooManyBrowsers, NotFound],
)
async def add_push_subscription(request: Request[Services, SubscriptionBody, None]) -> SubscriptionAnswer:
    body, services = request.body, request.services
    number = await subscribe(
        services.database,
        services.settings,
        request.principal,
        endpoint=body.endpoint,
        p256dh=body.keys.p256dh,
        auth=body.keys.auth,
    )
    return SubscriptionAnswer(success=True, id=number)


@endpoint(
    "DELETE",
    "/api/push/subscriptions/{id:int}",
    summary="Push to this browser no more.",
    roles=EVERYBODY,
    links=True,
    problems=[NotFound],
)
async def remove_push_subscription(request: Req) -> None:
    await unsubscribe(request.services.database, request.principal, int(request.path["id"]))
