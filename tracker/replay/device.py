"""A phone: it keeps every heartbeat until the server has acked it, whatever the network does.

Heartbeats go out in order over the socket. After a reconnect those without an ack go out again; the
server knows them by session and sequence number and counts them as duplicates. Points gathered while
offline can be sent as a batch over HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from db.errors import Unavailable
from tracker.http_client import HttpClient, HttpRefused, patiently, retry_delays_s
from tracker.replay.tally import Tally
from tracker.socket_client import SocketClient, SocketLost, SocketRefused

WINDOW = 32  # heartbeats on their way at once
ACK_TIMEOUT_S = 10.0  # a connection on which nothing is acked for so long is taken for dead
COOL_DOWN_S = 1.0  # after "busy" or "unavailable"
MAX_PENDING = 5000  # then the oldest are given up; about a day at the usual pace
MAX_BATCH = 500
BATCH_PATIENCE_S = 60.0


class Policy(NamedTuple):
    """When a phone should send: after so much silence, or so much way."""

    interval_s: float
    min_displacement_m: float


class Device:
    """One pro's phone. Use it as `async with Device(…) as device`.

    `on_refused(reason)` is told each time the server does not keep a heartbeat. `refusal` is the error
    that ended it for good, when its token is not accepted. `policy` is the server's latest advice: the
    longest silence, and how far to move before sending earlier; None until it has said so.
    """

    def __init__(self, base_url: str, token: str, *, on_refused: Callable[[str], None] | None = None) -> None:
        self.tally = Tally()
        self.policy: Policy | None = None
        self.refusal: SocketRefused | None = None
        self.http = HttpClient(base_url, token)
        self._base_url = base_url
        self._auth = {"token": token}
        self._on_refused = on_refused or (lambda _reason: None)
        self._session = secrets.token_hex(8)
        self._last_seq = 0
        self._pending: dict[int, dict[str, Any]] = {}  # not acked, by sequence number, in order
        self._unsent: deque[int] = deque()  # of those, what this connection has not carried yet
        self._on_their_way: set[int] = set()
        self._kept: list[dict[str, Any]] = []  # gathered without network
        self._ever_sent = 0  # the highest sequence number that ever went out
        self._socket: SocketClient | None = None
        self._online = asyncio.Event()
        self._online.set()
        self._wake = asyncio.Event()  # for the sender: something to do
        self._progress = asyncio.Event()  # for those who wait for acks
        self._heard_at = 0.0
        self._cool_until = 0.0
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Device:
        self._sender = asyncio.create_task(self._keep_connected())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self.http.aclose()

    # --- what an app does with it ----------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there is a socket now."""
        return self._socket is not None

    def numbered(self, heartbeat: Mapping[str, Any]) -> dict[str, Any]:
        """The heartbeat with this device's session and its next sequence number; unknown values left out."""
        self._last_seq += 1
        known = {name: value for name, value in heartbeat.items() if value is not None}
        return {**known, "seq": self._last_seq, "session": self._session}

    def send(self, heartbeat: dict[str, Any]) -> None:
        """Send a numbered heartbeat over the socket, now or when there is one again."""
        if len(self._pending) >= MAX_PENDING:
            self._give_up(next(iter(self._pending)))
        self._pending[heartbeat["seq"]] = heartbeat
        self._unsent.append(heartbeat["seq"])
        self.tally.sent += 1
        self._wake.set()

    def keep(self, heartbeat: dict[str, Any]) -> None:
        """Keep a numbered heartbeat that was gathered without network, for `backfill`."""
        self._kept.append(heartbeat)

    async def backfill(self, timeout_s: float) -> None:
        """Send what was kept as a batch, once what was sent live is acked (or `timeout_s` are over).

        So the server first learns where the pro is, then where they have been: late points that must
        fill the trail without moving the dot backwards.
        """
        if self._kept:
            await self.settled(timeout_s)
            kept, self._kept = self._kept, []
            await self.send_batch(kept)

    async def send_batch(self, heartbeats: Sequence[dict[str, Any]]) -> None:
        """Send numbered heartbeats over HTTP, at most 500 at a time, patiently."""
        self.tally.sent += len(heartbeats)
        for first in range(0, len(heartbeats), MAX_BATCH):
            positions = list(heartbeats[first : first + MAX_BATCH])
            post = partial(self.http.post, "/api/hauler/location", {"positions": positions})
            try:
                ack = await patiently(post, BATCH_PATIENCE_S)
            except HttpRefused as error:
                self.tally.refused[error.reason] += len(positions)
                self._on_refused(error.reason)
            except Unavailable:
                self.tally.lost += len(positions)
            else:
                self._count(ack)

    def go_offline(self) -> None:
        """Lose the network until `go_online`."""
        self._online.clear()
        if self._socket is not None:
            self._socket.cut()

    def go_online(self) -> None:
        """Have network again."""
        self._online.set()

    async def has_room(self) -> None:
        """Wait until not too much is waiting for its ack."""
        while len(self._pending) >= 2 * WINDOW and self.refusal is None:
            await self._next_progress()

    async def settled(self, timeout_s: float) -> bool:
        """Wait until everything is acked; False when it was not in time, or never will be."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._pending and self.refusal is None:
                    await self._next_progress()
        return not self._pending

    def give_up(self) -> None:
        """Count what is still not acked as lost."""
        for seq in list(self._pending):
            self._give_up(seq)

    async def connects(self, timeout_s: float) -> bool:
        """Wait for the first connection; False when there was none in time, or the token is refused."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._socket is None and self.refusal is None:
                    await self._next_progress()
        return self._socket is not None

    # --- the connection --------------------------------------------------------------------------

    async def _keep_connected(self) -> None:
        delays_s = retry_delays_s()
        while True:
            await self._online.wait()
            try:
                socket = await SocketClient.connect(
                    self._base_url, self._auth, on_event=self._take_event, on_closed=self._wake.set
                )
            except SocketLost:
                await asyncio.sleep(next(delays_s))
                continue
            except SocketRefused as error:
                self.refusal = error
                self._progress.set()
                return
            self._socket = socket
            self._progress.set()
            began_at = time.monotonic()
            try:
                await self._carry(socket)
            finally:
                self._socket = None
                await socket.close()
            if time.monotonic() - began_at > ACK_TIMEOUT_S:  # it worked: the next attempt may be a quick one
                delays_s = retry_delays_s()
            await asyncio.sleep(next(delays_s))

    async def _carry(self, socket: SocketClient) -> None:
        """Send what is pending until the connection ends. Everything without an ack goes again."""
        self._unsent = deque(self._pending)
        self._on_their_way.clear()
        self._heard_at = time.monotonic()
        while not socket.closed.is_set():
            self._wake.clear()
            pause_s = self._cool_until - time.monotonic()
            if pause_s > 0:
                await asyncio.sleep(pause_s)
            try:
                await self._send_some(socket)
            except SocketLost:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ACK_TIMEOUT_S / 2):
                    await self._wake.wait()
            if self._on_their_way and time.monotonic() - self._heard_at > ACK_TIMEOUT_S:
                return

    async def _send_some(self, socket: SocketClient) -> None:
        while self._unsent and len(self._on_their_way) < WINDOW and time.monotonic() >= self._cool_until:
            seq = self._unsent.popleft()
            heartbeat = self._pending.get(seq)
            if heartbeat is None:
                continue
            if not self._on_their_way:
                self._heard_at = time.monotonic()
            self._on_their_way.add(seq)
            if seq <= self._ever_sent:
                self.tally.resent += 1
            self._ever_sent = max(self._ever_sent, seq)
            await socket.emit("heartbeat", heartbeat, partial(self._take_ack, seq))

    # --- what the server says --------------------------------------------------------------------

    def _take_ack(self, seq: int, ack: dict[str, Any]) -> None:
        self._heard_at = time.monotonic()
        self._on_their_way.discard(seq)
        error = ack.get("error", {})
        if ack.get("ok"):
            self._count(ack)
        elif error.get("retry"):
            self._cool_until = time.monotonic() + COOL_DOWN_S
            self._unsent.appendleft(seq)
            self._unsent = deque(sorted(self._unsent))
            self._wake.set()
            return
        else:
            self.tally.refused[str(error.get("code"))] += 1
            self._on_refused(str(error.get("code")))
        self._pending.pop(seq, None)
        self._wake.set()
        self._progress.set()

    def _count(self, ack: Mapping[str, Any]) -> None:
        for reason in self.tally.add_ack(ack):
            self._on_refused(reason)
        self._take_policy(ack.get("policy"))

    def _take_event(self, event: str, data: dict[str, Any]) -> None:
        if event == "policy":
            self._take_policy(data)

    def _take_policy(self, policy: Mapping[str, Any] | None) -> None:
        if policy:
            self.policy = Policy(float(policy["interval_s"]), float(policy["min_displacement_m"]))

    async def _next_progress(self) -> None:
        self._progress.clear()
        await self._progress.wait()

    def _give_up(self, seq: int) -> None:
        del self._pending[seq]
        self.tally.lost += 1
