"""`peers/swarm.c` again, in Python, for machines without a C compiler: the same words, the same answers.

Slower, so latencies say more about the generator; the server's processor time is as true.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

from bench.app import HOST
from bench.harness import percentile
from bench.wire import Client

AT_ONCE = 64
QUIET_S = 2.5
TICK_S = 0.001
_RELAYED = re.compile(rb',"s":(\d+),"n":(\d+)')
_SEQ = re.compile(rb'"seq":(\d+)')


class Seen:
    """What arrived during one phase."""

    def __init__(self) -> None:
        self.delivered = self.disorder = self.acked = self.refused = 0
        self.screen_ms: list[float] = []
        self.ack_ms: list[float] = []
        self.late_ms: list[float] = []
        self.why = ""
        self.at = time.perf_counter()


class Watcher(Client):
    """A client that checks the order of what it hears."""

    def __init__(self, swarm: Swarm, source: int, port: int, auth: str) -> None:
        super().__init__(HOST, port, json.loads(auth))
        self.source = source
        self._swarm = swarm
        self._last: dict[int, int] = {}

    def _on_text(self, text: bytes) -> None:
        if not text.startswith(b"42"):
            super()._on_text(text)
            return
        relayed = [(int(s), int(n)) for s, n in _RELAYED.findall(text)]
        if not relayed and text.startswith(b'42["location_update"') and (found := _SEQ.search(text)):
            relayed = [(self.source, int(found[1]))]
        for source, n in relayed:
            self._swarm.delivered(source, n, n > self._last.get(source, 0))
            self._last[source] = n

    def say(self, packet: str) -> None:
        """Send something that is not answered."""
        self._send(packet.encode())

    def pause(self) -> None:
        """Stop reading."""
        self._transport.pause_reading()


class Swarm:
    """All clients, and the commands."""

    def __init__(self) -> None:
        self._plan: list[tuple[int, int, str, str]] = []
        self._clients: list[Watcher] = []
        self._sent: dict[int, tuple[int, float]] = {}  # source → (n, when)
        self._seen = Seen()
        self._born = time.perf_counter()

    def delivered(self, source: int, n: int, newer: bool) -> None:
        """A position reached a watcher."""
        seen, now = self._seen, time.perf_counter()
        seen.delivered += 1
        seen.disorder += not newer
        seen.at = now
        sent_n, sent_at = self._sent.get(source, (0, 0.0))
        if n == sent_n:
            seen.screen_ms.append((now - sent_at) * 1e3)

    async def obey(self, words: list[str]) -> dict[str, Any] | None:
        """One line of the plan, or one command and its answer."""
        match words:
            case ["socket", port, _small, source, auth, setup]:
                self._plan.append((int(port), int(source), auth, setup))
                return None
            case ["open", per_second]:
                return await self._open(float(per_second))
            case ["beat", *rest]:
                return await self._beat(rest)
            case ["stall", number]:
                self._clients[int(number)].pause()
                return {"event": "stall"}
            case ["gone", first, many]:
                for client in self._clients[int(first) : int(first) + int(many)]:
                    client.close()
                return {"event": "gone"}
        raise ValueError(words)

    async def _open(self, per_second: float) -> dict[str, Any]:
        gate, start = asyncio.Semaphore(AT_ONCE), time.perf_counter()
        answers = await asyncio.gather(
            *(self._open_one(gate, n / per_second, *plan) for n, plan in enumerate(self._plan)),
            return_exceptions=True,
        )
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        self._clients = [answer for answer in answers if isinstance(answer, Watcher)]
        return {
            "event": "open",
            "ready": len(self._clients),
            "lost": len(failed),
            "took_s": time.perf_counter() - start,
            "why": str(failed[0]) if failed else "",
        }

    async def _open_one(
        self, gate: asyncio.Semaphore, after_s: float, port: int, source: int, auth: str, setup: str
    ) -> Watcher:
        await asyncio.sleep(after_s)
        async with gate:
            loop = asyncio.get_running_loop()
            _, client = await loop.create_connection(lambda: Watcher(self, source, port, auth), HOST, port)
            await asyncio.wait_for(client.ready, 15)
            if setup:
                event, payload = json.loads(setup.lstrip("0123456789"))
                await asyncio.wait_for(client.ask(event, payload), 15)
        return client

    async def _beat(self, words: list[str]) -> dict[str, Any]:
        first, many, each, ack = int(words[0]), int(words[1]), int(words[5]), words[4] == "1"
        rate, total = float(words[2]), int(float(words[2]) * float(words[3]))
        seen = self._seen = Seen()
        start, sent = time.perf_counter(), 0
        while sent < total:
            while sent < total and sent <= (time.perf_counter() - start) * rate:
                seen.late_ms.append((time.perf_counter() - start - sent / rate) * 1e3)
                self._send(self._clients[first + sent % many], ack, words[6] == "product", words[7])
                sent += 1
            await asyncio.sleep(TICK_S)
        took_s, seen.at = time.perf_counter() - start, time.perf_counter()
        while self._waiting(sent * each, sent if ack else 0):  # noqa: ASYNC110  # callbacks change it
            await asyncio.sleep(TICK_S)
        found = {"event": "beat", "sent": sent, "expected": sent * each, "took_s": took_s, "lost": 0}
        found |= {name: getattr(seen, name) for name in ("delivered", "disorder", "acked", "refused", "why")}
        for name in ("screen", "ack", "late"):
            values = getattr(seen, f"{name}_ms") or [-1.0]
            found |= {f"{name}_p{p}": percentile(values, p) for p in (50, 99)}
        return found

    def _waiting(self, delivered: int, acked: int) -> bool:
        seen = self._seen
        missing = seen.delivered < delivered or seen.acked < acked
        return missing and time.perf_counter() - seen.at < QUIET_S

    def _send(self, client: Watcher, ack: bool, product: bool, room: str) -> None:
        source, now, at_ms = client.source, time.perf_counter(), time.time_ns() // 1_000_000
        n = self._sent.get(source, (0, 0.0))[0] + 1
        fields: dict[str, Any]
        if product:
            n = max(n, at_ms)
            lat = round(53.4 + (now - self._born) * 9e-5, 6)
            fields = {"lat": lat, "lng": -2.99, "accuracy": 8, "heading": 0, "speed": 10, "recorded_at": n}
            fields |= {"seq": n, "session": "bench"}
        else:
            fields = {
                "room": room.replace("%d", str(source)),
                "job_id": f"00000000-0000-4000-8000-{source:012}",
            }
            fields |= {"lat": 51.46 + source % 40 * 0.002, "lng": -0.12345, "accuracy": 5, "heading": 90}
            fields |= {"speed": 8.5, "recorded_at": at_ms, "s": source, "n": n}
        self._sent[source] = (n, now)
        seen, payload = self._seen, json.dumps(fields, separators=(",", ":"))

        def on_ack(answer: bytes) -> None:
            seen.acked += 1
            seen.at = time.perf_counter()
            seen.ack_ms.append((seen.at - now) * 1e3)
            if b'"ok":true' not in answer:
                seen.refused, seen.why = seen.refused + 1, answer.decode()[:150]

        if ack:
            client.emit("heartbeat", payload, on_ack)
        else:
            client.say(f'42["heartbeat",{payload}]')


async def _main() -> None:
    swarm, loop = Swarm(), asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        answer = await swarm.obey(line.rstrip("\n").split("\t"))
        if answer is not None:
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
