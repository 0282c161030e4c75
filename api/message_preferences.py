"""How I want to be told: language, hours, and what I do not want by which channel."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, field

from api.jobs import EVERYBODY
from api.messages import ChannelName
from api.routing import Request, endpoint
from api.services import Services
from api.shapes import Answer, Input
from db.errors import Invalid
from db.message_choices import Choices, choices_of, know_person, write_choices
from db.opt_outs import opt_outs_of, replace_opt_outs
from db.pool import Connection
from tracker.messages.kinds import PLANS, Kind

Req: TypeAlias = Request[Services, None, None]
ANY_KIND = Literal[
    "*",
    "job_won",
    "job_lost",
    "who_comes",
    "appointment",
    "on_the_way",
    "arrived",
    "receipt",
    "review_request",
    "payout_paid",
    "cancelled",
    "payment_request",
    "alert",
]
WallClock = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](?!\n)$", description="A time of day, like 21:00.")
]


class RefusedPair(Input):
    """A kind of message (`*`: every kind) that I do not want by this channel."""

    kind: ANY_KIND
    channel: ChannelName


class PreferencesBody(Input):
    """All of it at once; what is left out is as the company has it, and `refused` nothing.

    Quiet hours that begin when they end are none at all.
    """

    language: Literal["en", "es"] = "en"
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    quiet_from: WallClock | None = None
    quiet_until: WallClock | None = None
    refused: Annotated[list[RefusedPair], Meta(max_length=40)] = field(default_factory=list)


class RefusedAnswer(Answer):
    """A kind of message that does not come by this channel."""

    kind: str
    channel: str


class KindAnswer(Answer):
    """A kind of message and the channels that it may come by."""

    kind: str
    channels: list[str]


class PreferencesAnswer(Answer):
    """My choices, and what there is to choose from."""

    language: str
    time_zone: str | None
    quiet_from: str | None
    quiet_until: str | None
    refused: list[RefusedAnswer]
    kinds: list[KindAnswer]


@endpoint(
    "GET",
    "/api/me/message-preferences",
    summary="How I want to be told.",
    roles=EVERYBODY,
    answer=PreferencesAnswer,
)
async def read_message_preferences(request: Req) -> PreferencesAnswer:
    async with request.services.database.connection() as conn:
        return await _preferences(conn, request.principal.id)


@endpoint(
    "PUT",
    "/api/me/message-preferences",
    summary="Choose how I want to be told.",
    roles=EVERYBODY,
    body=PreferencesBody,
    answer=PreferencesAnswer,
    problems=[Invalid],
)
async def write_message_preferences(request: Request[Services, PreferencesBody, None]) -> PreferencesAnswer:
    me, body = request.principal, request.body
    choices = _choices(body)
    async with request.services.database.transaction() as conn:
        await know_person(conn, me.id, me.role.value)
        await write_choices(conn, me.id, choices)
        await replace_opt_outs(conn, me.id, sorted({(one.kind, one.channel) for one in body.refused}))
        return await _preferences(conn, me.id)


def _choices(body: PreferencesBody) -> Choices:
    if (body.quiet_from is None) != (body.quiet_until is None):
        raise Invalid("quiet_from and quiet_until go together", field="quiet_until")
    if body.time_zone is not None:
        try:
            ZoneInfo(body.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid("time_zone is no IANA zone, like America/New_York", field="time_zone") from None
    hours = (None if one is None else time.fromisoformat(one) for one in (body.quiet_from, body.quiet_until))
    return Choices(body.language, body.time_zone, *hours)


async def _preferences(conn: Connection, person_id: str) -> PreferencesAnswer:
    choices = await choices_of(conn, person_id) or Choices("en", None, None, None)
    return PreferencesAnswer(
        language=choices.language,
        time_zone=choices.time_zone,
        quiet_from=_clock(choices.quiet_from),
        quiet_until=_clock(choices.quiet_until),
        refused=[RefusedAnswer(kind=kind, channel=way) for kind, way in await opt_outs_of(conn, person_id)],
        kinds=[
            KindAnswer(kind=kind.value, channels=[one.value for way in PLANS[kind].ways for one in way])
            for kind in Kind
        ],
    )


def _clock(at: time | None) -> str | None:
    return None if at is None else f"{at:%H:%M}"
