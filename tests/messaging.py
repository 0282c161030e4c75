"""Messages in tests: settings that use the stand-ins, a told person, one try of one delivery."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from db.pool import Database
from db.recipients import Recipient
from rooms.broadcast import Broadcaster, nobody
from rooms.bus import LocalBus
from tests.effects import SECRET
from tracker.effects.registry import EXECUTORS
from tracker.effects.task import Postpone, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.messages.kinds import Channel, Kind
from tracker.messages.notify import SENDS, Notice, notify
from tracker.providers import Providers
from tracker.settings import Settings
from tracker.stand_ins import StandIns

PUBLIC_URL = "https://go.company.example/tracking"
REVIEW = {"service": "Mount a TV", "other": "Pat Mason"}
WON = {
    "service": "Mount a TV",
    "customer": "Cleo Hart",
    "address": "12 Castle Street",
    "window_start": "",
    "window_end": "",
}


def settings_with(database: Database, stand_ins: StandIns | None = None, **changed: str) -> Settings:
    """Settings from variables: the stand-ins' ones, no quiet hours, and `changed`."""
    return Settings.from_env(
        {
            "DATABASE_URL": database.dsn,
            "REDIS_URL": "memory://",
            "TRACKER_SECRET": SECRET,
            "PUBLIC_URL": PUBLIC_URL,
            "QUIET_HOURS": "off",
            **(stand_ins.env() if stand_ins else {}),
            **changed,
        }
    )


def tools_with(database: Database, stand_ins: StandIns | None = None, **changed: str) -> Tools:
    """Tools with the real providers against the stand-ins; without these, the sandboxes."""
    settings = settings_with(database, stand_ins, **changed)
    say = Broadcaster(LocalBus(), nobody)
    return Tools(settings, database, say, Providers.open(settings, database))


async def rows(database: Database, sql: str, *args: Any) -> list[tuple[Any, ...]]:
    async with database.connection() as conn:
        return [tuple(row.values()) for row in await conn.fetch(sql, *args)]


async def run(database: Database, sql: str, *args: Any) -> None:
    async with database.connection() as conn:
        await conn.execute(sql, *args)


async def tell(tools: Tools, notice: Notice, now: datetime | None = None) -> dict[str, int]:
    """Notify; the numbers of the deliveries that came of it, by channel (of the last person told)."""
    async with tools.database.transaction() as conn:
        await notify(conn, tools.settings, notice, now=now or datetime.now(UTC))
    found = await rows(
        tools.database,
        "SELECT d.channel, d.id FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE n.event_key = $1 ORDER BY d.id",
        notice.event_key,
    )
    return dict(found)


async def tell_won(tools: Tools, key: str = "won", to: str = "pat") -> int:
    """A text to a pro; its delivery's number."""
    return (await tell(tools, Notice(Kind.JOB_WON, key, (to,), WON)))["sms"]


async def one_try(tools: Tools, channel: str, number: int, now: datetime | None = None) -> str:
    """Run a delivery's effect once; "done", or why it is to be tried again."""
    effect: Effect = SENDS[Channel(channel)]
    task = Task(effect, None, None, str(number), 1, now or datetime.now(UTC))
    try:
        await EXECUTORS[effect](tools, task)
    except Postpone as later:
        return str(later)
    return "done"


async def state(tools: Tools, number: int) -> tuple[str, str | None]:
    """(status, problem) of a delivery."""
    found = await rows(tools.database, "SELECT status, problem FROM deliveries WHERE id = $1", number)
    return (found[0][0], found[0][1])


def recipient(**changed: object) -> Recipient:
    """A person who can be reached by nothing, but for what is changed."""
    facts = {"id": "cleo", "role": "customer", "name": "Cleo", "phone": None, "email": None, "language": "en"}
    facts |= {"time_zone": None, "quiet_from": None, "quiet_until": None, "has_push": False}
    return Recipient(**{**facts, "suspended": False, "refused": frozenset(), **changed})  # type: ignore[arg-type]
