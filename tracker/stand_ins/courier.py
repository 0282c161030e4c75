"""Sends the stand-ins' webhooks: in order, in a thread of its own, again while they are not accepted.

A test may hold parcels back, let them go in another order, and wait until all have been settled.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx

TIMEOUT_S = 10.0


class Order(StrEnum):
    """In which order held parcels leave."""

    AS_MADE = "as_made"
    REVERSED = "reversed"
    SHUFFLED = "shuffled"  # the same way for the same seed


@dataclass(frozen=True, slots=True)
class Parcel:
    """One webhook. Its headers are made when it leaves, because signatures carry the time."""

    url: str
    body: bytes
    headers: Callable[[], Mapping[str, str]]
    label: str  # the event's id and type, or the message's
    retry_delays_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one attempt. `status` is None when nobody answered."""

    label: str
    status: int | None
    answer: str


class Courier:
    """Delivers parcels one after another. May be used from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Parcel, int]] = []
        self._numbers = itertools.count()
        self._busy = False
        self._stopped = False
        self._held: list[Parcel] | None = None
        self.deliveries: list[Delivery] = []  # every attempt, in order
        self._thread: threading.Thread | None = None  # started with the first parcel

    def send(self, parcel: Parcel) -> None:
        """Deliver soon; while holding back, keep it."""
        with self._changed:
            if self._held is not None:
                self._held.append(parcel)
            else:
                self._queue(parcel, time.monotonic(), 0)

    def hold(self) -> None:
        """Keep everything back from now on."""
        with self._changed:
            self._held = self._held or []

    def held(self) -> list[str]:
        """The labels of what is kept back."""
        with self._changed:
            return [parcel.label for parcel in self._held or []]

    def release(
        self, order: Order | str | Sequence[int] = Order.AS_MADE, *, times: int = 1, seed: int = 0
    ) -> None:
        """Deliver what was held, each `times` times, and hold no more.

        `order` may name positions: `[2, 0]` delivers the third, then the first, and drops the others.
        """
        with self._changed:
            parcels = _in_order(self._held or [], order, seed)
            self._held = None
            for parcel in parcels:
                for _ in range(times):
                    self._queue(parcel, time.monotonic(), 0)

    def settle(self, patience_s: float = 15.0) -> None:
        """Wait until nothing is under way, retries included. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._waiting and not self._busy, patience_s):
                raise TimeoutError(f"{len(self._waiting)} webhooks are still waiting")

    def stop(self) -> None:
        """End the thread; what waits is dropped."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(TIMEOUT_S + 1)

    def _queue(self, parcel: Parcel, due: float, attempt: int) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="stand-ins-courier", daemon=True)
            self._thread.start()
        heapq.heappush(self._waiting, (due, next(self._numbers), parcel, attempt))
        self._changed.notify_all()

    def _work(self) -> None:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as client:
            while (taken := self._take()) is not None:
                parcel, attempt = taken
                delivery = deliver(client, parcel)
                accepted = delivery.status is not None and 200 <= delivery.status < 300
                with self._changed:
                    self.deliveries.append(delivery)
                    if not accepted and attempt < len(parcel.retry_delays_s):
                        self._queue(parcel, time.monotonic() + parcel.retry_delays_s[attempt], attempt + 1)
                    self._busy = False
                    self._changed.notify_all()

    def _take(self) -> tuple[Parcel, int] | None:
        with self._changed:
            while not self._stopped:
                wait_s = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait_s is not None and wait_s <= 0:
                    _due, _number, parcel, attempt = heapq.heappop(self._waiting)
                    self._busy = True
                    return parcel, attempt
                self._changed.wait(wait_s)
        return None


def deliver(client: httpx.Client, parcel: Parcel) -> Delivery:
    """One attempt."""
    headers = {
        name.encode(): value.encode() for name, value in parcel.headers().items()
    }  # also what is not ASCII
    try:
        answer = client.post(parcel.url, content=parcel.body, headers=[*headers.items()])
    except httpx.HTTPError as error:
        return Delivery(parcel.label, None, type(error).__name__)
    return Delivery(parcel.label, answer.status_code, answer.text[:1000])


def _in_order(parcels: list[Parcel], order: Order | str | Sequence[int], seed: int) -> list[Parcel]:
    if not isinstance(order, str):
        return [parcels[position] for position in order]
    wanted = Order(order)
    if wanted is Order.REVERSED:
        return parcels[::-1]
    if wanted is Order.SHUFFLED:
        return random.Random(seed).sample(parcels, len(parcels))
    return parcels
