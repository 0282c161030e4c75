"""The performance: each cue at its time, gaps held back and filled in afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from tracker.replay.device import Device
from tracker.replay.schedule import Cue

LAST_ACK_S = 30.0  # how long to wait for the last acks
PROGRESS_S = 5.0


async def play(
    device: Device, cues: Sequence[Cue], job_id: str | None, say: Callable[[str], None] = print
) -> None:
    """Send every cue. Returns when all are acked, or will not be: the device's tally tells.

    In a gap the device has no network and its points are kept. When it is back, the next point goes out
    live, as from a phone, and then the gap's points follow as a batch.
    """
    began = time.monotonic()
    said = began
    for number, cue in enumerate(cues, start=1):
        await asyncio.sleep(max(0.0, began + cue.due_s - time.monotonic()))
        heartbeat = device.numbered(_heartbeat(cue, job_id))
        if cue.offline:
            device.go_offline()
            device.keep(heartbeat)
        else:
            device.go_online()
            device.send(heartbeat)
            await device.backfill(LAST_ACK_S)
            await device.has_room()
        if device.refusal is not None:
            break
        if time.monotonic() - said >= PROGRESS_S:
            said = time.monotonic()
            network = "online" if device.connected else "offline"
            say(f"{number} of {len(cues)} points, {network}: {device.tally}")
    device.go_online()
    await device.settled(LAST_ACK_S)
    await device.backfill(0)
    device.give_up()


def _heartbeat(cue: Cue, job_id: str | None) -> dict[str, Any]:
    """A fix in the words of the `heartbeat` event; what was not recorded is left out."""
    return {
        "job_id": job_id,
        "lat": cue.fix.lat,
        "lng": cue.fix.lng,
        "accuracy": cue.fix.accuracy_m,
        "heading": cue.fix.heading_deg,
        "speed": cue.fix.speed_mps,
        "recorded_at": round(cue.recorded_at.timestamp() * 1000),
    }
