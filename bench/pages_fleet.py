"""A company that fills a dispatcher's map: its jobs in the demo city, and its pros, who drive all the time.

As a program it is the pros' phones: it reads one plan (JSON, a line on stdin), says `{"event": "open"}` when
all sockets are there, and drives until the next line; then it says how many heartbeats were sent and acked.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from bench.crowd import open_sockets, tell
from bench.wire import Client
from tracker.city.map import streets_json
from tracker.city.seed import build_city

SPEED_M_S = 11.0  # 40 km/h
METRES = 111_195.0  # in a degree of latitude
ACROSS_M = 14_000.0  # of the square they drive in
TURN_EVERY_S = 40.0

# What `bench.app` seeds is pros on their way to one door. Here each job has a place of its own, three in ten
# are not begun, and one in ten has no pro yet.
SPREAD = """
UPDATE jobs SET lat = {lat} + ({across} * (random() - 0.5)) / 111195,
                lng = {lng} + ({across} * (random() - 0.5)) / 111195 / cos(radians({lat})),
                service = (ARRAY['Mount a 55-inch TV', 'Clean the gutters', 'Wash the drive'])[1 + n % 3],
                status = CASE WHEN n % 10 = 0 THEN 'open' WHEN n % 10 < 4 THEN 'accepted' ELSE status END,
                pro_id = CASE WHEN n % 10 = 0 THEN NULL ELSE pro_id END
    FROM (SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM jobs) numbered
    WHERE numbered.id = jobs.id;
UPDATE people SET name = CASE role WHEN 'pro' THEN 'Pro ' ELSE 'Customer ' END || substr(id, 4),
                  on_duty = role = 'pro';
ANALYZE;
"""


def write_streets(folder: Path) -> Path:
    """The demo city's streets, as `MAP_STREETS` wants them."""
    city = build_city()
    path = folder / "streets.json"
    path.write_text(json.dumps(streets_json(city.name, city.network, city.areas)), encoding="utf-8")
    return path


async def spread(database_url: str, middle: tuple[float, float]) -> None:
    """Give every job a place of its own around `middle` (degrees)."""
    conn = await asyncpg.connect(database_url)
    try:
        await conn.execute(SPREAD.format(lat=middle[0], lng=middle[1], across=ACROSS_M))
    finally:
        await conn.close()


@dataclass
class Car:
    """A pro at the wheel: straight on, a turn now and then, inside of the square. Metres from its middle."""

    x: float
    y: float
    heading: float
    seq: int = 0

    def drive(self, seconds: float, dice: random.Random) -> None:
        """Go on for a while."""
        if dice.random() < seconds / TURN_EVERY_S:
            self.heading = (self.heading + dice.choice((-90, 90))) % 360
        self.x += SPEED_M_S * seconds * math.sin(math.radians(self.heading))
        self.y += SPEED_M_S * seconds * math.cos(math.radians(self.heading))
        if max(abs(self.x), abs(self.y)) > ACROSS_M / 2:
            self.heading = math.degrees(math.atan2(-self.x, -self.y)) % 360

    def heartbeat(self, middle: tuple[float, float]) -> str:
        """Where it is now, as JSON."""
        self.seq += 1
        lat = middle[0] + self.y / METRES
        lng = middle[1] + self.x / METRES / math.cos(math.radians(middle[0]))
        return (
            f'{{"lat":{lat:.6f},"lng":{lng:.6f},"accuracy":8,"heading":{self.heading:.0f},"speed":{SPEED_M_S},'
            f'"recorded_at":{time.time_ns() // 1_000_000},"seq":{self.seq},"session":"bench"}}'
        )


async def follow(plan: dict[str, Any]) -> None:
    """Open the sockets and drive until stdin ends."""
    clients = await open_sockets(plan["host"], plan["port"], plan["sockets"])
    dice = random.Random(1)
    half = ACROSS_M / 2
    cars = [Car(dice.uniform(-half, half), dice.uniform(-half, half), dice.uniform(0, 360)) for _ in clients]
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    tell("open", sockets=len(clients))
    sent, acked = await _drive(clients, cars, plan["every_s"], (plan["lat"], plan["lng"]), dice, ended)
    tell("driven", sent=sent, acked=acked)
    for client in clients:
        client.close()


async def _drive(
    clients: list[Client],
    cars: list[Car],
    every_s: float,
    middle: tuple[float, float],
    dice: random.Random,
    ended: asyncio.Future[str],
) -> tuple[int, int]:
    """Each pro sends every `every_s` seconds, evenly spread over them."""
    sent = acked = 0

    def on_ack(ack: bytes) -> None:
        nonlocal acked
        acked += b'"accepted":1' in ack

    start = time.perf_counter()
    while not ended.done():
        due = int((time.perf_counter() - start) / every_s * len(cars)) + 1
        for number in range(sent, due):
            car = cars[number % len(cars)]
            car.drive(every_s, dice)
            clients[number % len(cars)].emit("heartbeat", car.heartbeat(middle), on_ack)
        sent = max(sent, due)
        await asyncio.sleep(0.01)
    await asyncio.sleep(1.0)  # for the last acks
    return sent, acked


if __name__ == "__main__":
    asyncio.run(follow(json.loads(sys.stdin.readline())))
