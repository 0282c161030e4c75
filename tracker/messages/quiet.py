"""Quiet hours: whether a message waits, and until when. A rule module.

Hours are wall-clock times in a person's own zone, so a night is as long as the clocks make it: on the day
they go forward or back it ends at the same hour as on every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` (included) to `end` (excluded), also over midnight, in `zone`."""

    begin: time
    end: time
    zone: ZoneInfo

    def ends_after(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold `now` end (UTC), or None when it is not quiet.

        An end that the clocks skip is taken an hour later by the wall, and one that comes twice is the
        first of the two: PEP 495's reading of a wall-clock time.
        """
        local = now.astimezone(self.zone)
        wall = local.time().replace(tzinfo=None)
        if self.begin < self.end:
            quiet, tomorrow = self.begin <= wall < self.end, False
        else:
            quiet, tomorrow = wall >= self.begin or wall < self.end, wall >= self.begin
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if tomorrow else 0)
        end = datetime.combine(day, self.end, self.zone).astimezone(UTC)
        # In the hour that the clocks repeat, the wall says "before the end" again after the end has passed.
        return end if end > now else None


def parse_hours(text: str, zone: str) -> QuietHours | None:
    """The setting QUIET_HOURS: `21:00-08:00`, or None for `off`."""
    if text == "off":
        return None
    begin, _, end = text.partition("-")
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), ZoneInfo(zone))
