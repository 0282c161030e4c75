"""The other side of the load generator, `peers/swarm.c` (or `live_swarm_py.py` where nothing compiles C)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from bench.app import CORES
from bench.live_build import ROOT, compiled
from bench.live_peers import die_with_parent

AT_ONCE = 1e9  # a rate that sets no bound
ATTEMPTS = 3
REST_S = 4.0


@dataclass(frozen=True, slots=True)
class Socket:
    """One client to be: what it hears (`auth`), or for the product what it says after CONNECT (`setup`)."""

    port: int
    source: int = 0
    auth: str = "{}"
    setup: str = ""
    small: bool = False  # with little room in its receive buffer


@dataclass(frozen=True, slots=True)
class Beat:
    """Heartbeats, evenly spread over a range of sockets."""

    first: int
    sockets: int
    rate: float
    seconds: float
    room: str = ""
    each: int = 1  # deliveries that every heartbeat causes
    ack: bool = False
    product: bool = False


class Wrong(Exception):
    """The generator saw what it must not: a socket lost, an older position after a newer one."""


class Incomplete(Wrong):
    """Something had not arrived seconds after the last heartbeat, or was refused: "please retry"."""


class Swarm:
    """The generator's process; use it as a context manager."""

    def __init__(self, sockets: list[Socket]) -> None:
        self._sockets = sockets

    def __enter__(self) -> Swarm:
        program = compiled("swarm")
        words = [str(program)] if program else [sys.executable, "-m", "bench.live_swarm_py"]
        self._process = subprocess.Popen(
            words,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent,
        )
        os.sched_setaffinity(self._process.pid, {CORES[-1]})
        for s in self._sockets:
            self._say("socket", s.port, int(s.small), s.source, s.auth, s.setup)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def open(self, per_second: float = AT_ONCE) -> None:
        """Connect all sockets. Raises Wrong when one is refused."""
        found = self._ask("open", per_second)
        if found["lost"] or found["ready"] != len(self._sockets):
            raise Wrong(f"{found['ready']} of {len(self._sockets)} sockets are ready: {found['why']}")

    def beat(self, beat: Beat, *, strict: bool = True) -> dict[str, Any]:
        """Send, and wait for what must arrive. With `strict`, raises Wrong if something did not."""
        words = (beat.first, beat.sockets, beat.rate, beat.seconds, int(beat.ack), beat.each)
        found = self._ask("beat", *words, "product" if beat.product else "relay", beat.room)
        missing = found["delivered"] != found["expected"] or (beat.ack and found["acked"] != found["sent"])
        if found["disorder"] or found["lost"]:
            raise Wrong(f"{beat}: {found}")
        if found["refused"] or (strict and missing):
            raise Incomplete(f"{beat}: {found}")
        return found

    def measure(
        self, cpu_us: Callable[[], float], beat: Beat, *, strict: bool = True
    ) -> tuple[float, dict[str, Any]]:
        """What a phase cost by a clock of processor time, and what was seen. Taken anew when incomplete."""
        for _ in range(ATTEMPTS - 1):
            before = cpu_us()
            try:
                found = self.beat(beat, strict=strict)
            except Incomplete as incomplete:
                print(f"taken anew: {incomplete}", flush=True)
                time.sleep(REST_S)
            else:
                return cpu_us() - before, found
        before = cpu_us()
        found = self.beat(beat, strict=strict)
        return cpu_us() - before, found

    def stall(self, number: int) -> None:
        """Stop reading one socket."""
        self._ask("stall", number)

    def gone(self, first: int, many: int) -> None:
        """Reset connections, all at once."""
        self._ask("gone", first, many)

    def _ask(self, *words: object) -> dict[str, Any]:
        self._say(*words)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Wrong(f"the load generator ended with {self._process.wait()} after {words[0]}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _say(self, *words: object) -> None:
        assert self._process.stdin
        self._process.stdin.write("\t".join(str(word) for word in words) + "\n")
