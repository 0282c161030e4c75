"""The load generator, a process of its own: opens sockets, sends heartbeats or just watches.

Reads one plan (JSON, a line on stdin), answers in JSON lines on stdout: `{"event": "open"}` when all
sockets are there, for heartbeats `{"event": "warm"}` and `{"event": "sent", …figures}`. Then it keeps the
sockets until stdin ends. `app.Crowd` is its other side.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from bench.harness import percentile
from bench.wire import Client, connect

CONNECTS_AT_ONCE = 25
CONNECTS_PER_S = 400  # below the server's admission
TICK_S = 0.002
SPEED_DEG_S = 9e-5  # northwards; about 10 m/s
LAST_ACKS_S = 10.0


@dataclass
class Tally:
    """What came back."""

    sent: int = 0
    acked: int = 0
    wrong: list[str] = field(default_factory=list)
    waits_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)  # how far behind its own plan the generator was
    all_sent: bool = False
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self) -> None:
        """Complete once the last answer is there."""
        if self.all_sent and len(self.waits_ms) == self.sent:
            self.complete.set()


def main() -> None:
    """Follow the plan on stdin."""
    plan = json.loads(sys.stdin.readline())
    asyncio.run(_follow(plan))


async def _follow(plan: dict[str, Any]) -> None:
    clients = await open_sockets(plan["host"], plan["port"], plan["sockets"])
    tell("open", sockets=len(clients))
    if plan.get("heartbeats_s"):
        await send_heartbeats(clients, plan["session"], plan["warm_up_s"], plan["heartbeats_s"])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for client in clients:
        client.close()


async def open_sockets(host: str, port: int, sockets: list[dict[str, Any]]) -> list[Client]:
    """Connect them all, at a pace that a door with admission allows; then `watch` where one is named."""
    gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

    async def open_one(number: int, wanted: dict[str, Any]) -> Client:
        await asyncio.sleep(number / CONNECTS_PER_S)
        async with gate:
            client = await connect(host, port, wanted["auth"])
            if "watch" in wanted:
                ack = await asyncio.wait_for(client.ask("watch", {"job_id": wanted["watch"]}), 15)
                if not ack["ok"]:
                    raise ConnectionError(f"watch was refused: {ack}")
        return client

    return list(await asyncio.gather(*(open_one(number, wanted) for number, wanted in enumerate(sockets))))


async def send_heartbeats(clients: list[Client], session: str, warm_up_s: int, measured_s: int) -> None:
    """One heartbeat a second on every socket, evenly spread; each must be acked as accepted."""
    warm_up = Tally()
    await _send_for(clients, session, range(warm_up_s), warm_up)
    tell("warm")
    tally, cpu, start = Tally(), time.process_time(), time.perf_counter()
    await _send_for(clients, session, range(warm_up_s, warm_up_s + measured_s), tally)
    took_s = time.perf_counter() - start
    tell(
        "sent",
        sent=tally.sent,
        acked=tally.acked,
        warm_up_sent=warm_up.sent,
        warm_up_acked=warm_up.acked,
        example=(warm_up.wrong + tally.wrong)[:1],
        took_s=took_s,
        p50=percentile(tally.waits_ms, 50),
        p99=percentile(tally.waits_ms, 99),
        longest=max(tally.waits_ms),
        late_p99=percentile(tally.late_ms, 99),
        generator_cpu=(time.process_time() - cpu) / took_s,
    )


async def _send_for(clients: list[Client], session: str, seconds: range, tally: Tally) -> None:
    """In each of these seconds socket number n of N sends after n/N of it. Ends when all acks are there."""
    start, clock, size = time.perf_counter(), time.perf_counter, len(clients)
    total = size * len(seconds)
    while tally.sent < total:
        due = min(total, int((clock() - start) * size) + 1)
        for number in range(tally.sent, due):
            tally.late_ms.append((clock() - start - number / size) * 1e3)
            _send_one(clients[number % size], session, seconds[number // size], tally)
        tally.sent = due
        await asyncio.sleep(TICK_S)
    tally.all_sent = True
    tally.check()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tally.complete.wait(), LAST_ACKS_S)


def _send_one(client: Client, session: str, second: int, tally: Tally) -> None:
    sent_at = time.perf_counter()

    def on_ack(ack: bytes) -> None:
        tally.waits_ms.append((time.perf_counter() - sent_at) * 1e3)
        if b'"ok":true' in ack and b'"accepted":1' in ack:
            tally.acked += 1
        else:
            tally.wrong.append(ack.decode(errors="replace"))
        tally.check()

    client.emit(
        "heartbeat",
        f'{{"lat":{53.4 + second * SPEED_DEG_S:.6f},"lng":-2.99,"accuracy":8,"heading":0,"speed":10,'
        f'"recorded_at":{time.time_ns() // 1_000_000},"seq":{second + 1},"session":"{session}"}}',
        on_ack,
    )


def tell(event: str, **facts: Any) -> None:
    """A line to the parent."""
    print(json.dumps({"event": event, **facts}), flush=True)


if __name__ == "__main__":
    main()
