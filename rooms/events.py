"""The words on the wire: every event, its direction, and whether it may be dropped for a slow reader."""

from __future__ import annotations

from enum import StrEnum


class Said(StrEnum):
    """Client → server."""

    HEARTBEAT = "heartbeat"  # a pro's position
    WATCH = "watch"  # follow a job; the ack is the snapshot
    UNWATCH = "unwatch"
    WATCH_FLEET = "watch_fleet"  # dispatch: every pro in a viewport
    UNWATCH_FLEET = "unwatch_fleet"
    WATCH_BOARD = "watch_board"  # dispatch: which jobs change, whatever changes of them
    UNWATCH_BOARD = "unwatch_board"
    WATCH_FEED = "watch_feed"  # a pro: open jobs around a place
    UNWATCH_FEED = "unwatch_feed"


class Told(StrEnum):
    """Server → client."""

    LOCATION_UPDATE = "location_update"  # the dot moved
    STATUS_CHANGED = "status_changed"  # the job took a step; carries its version
    CONTACT_CHANGED = "contact_changed"  # the pro's phone fell silent or came back
    TRAIL_CHANGED = "trail_changed"  # late points filled the trail; read it again
    PRESENCE_CHANGED = "presence_changed"  # how many follow the job; only the crew hears it
    ARRIVAL_SUGGESTED = "arrival_suggested"  # the pro seems to stand at the door
    POLICY = "policy"  # how often the phone should send from now on
    FLEET_TICK = "fleet_tick"  # one cell's newest positions, once a second
    BOARD_CHANGED = "board_changed"  # jobs whose cards are to be read again; all of them when none is named
    JOB_POSTED = "job_posted"  # a new offer near you
    JOB_TAKEN = "job_taken"  # an offer is gone
    NOTIFICATION = "notification"  # your bell rang; carries its number and how many are unread
    REVOKED = "revoked"  # you may no longer follow this job
    DRAIN = "drain"  # this server is going away; reconnect in a moment


# Newest wins: a slow reader gets one of each per job. Everything else must arrive, or the socket is
# closed with a reason that says reconnect, and the snapshot makes up for it.
DROPPABLE = frozenset(
    {
        Told.LOCATION_UPDATE,
        Told.CONTACT_CHANGED,
        Told.TRAIL_CHANGED,
        Told.PRESENCE_CHANGED,
        Told.POLICY,
        Told.FLEET_TICK,
    }
)
