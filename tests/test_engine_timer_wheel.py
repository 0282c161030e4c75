"""One timer for all: never early, at most two ticks late, and still when there is nothing to do."""

from __future__ import annotations

import asyncio
import time

import pytest

from rooms.timer_wheel import IDLE, TICK_S, TimerWheel
from tests.engine_stage import run, until


class Alarm:
    def __init__(self, wheel: TimerWheel) -> None:
        self.wheel_slot = IDLE
        self.wheel = wheel
        self.rang_at: list[float] = []

    def on_timer(self) -> None:
        self.rang_at.append(time.monotonic())


def test_alarms_ring_once_and_never_early() -> None:
    async def story() -> None:
        wheel = TimerWheel()
        await asyncio.sleep(0.1)
        started = time.monotonic()
        alarms = {delay_s: Alarm(wheel) for delay_s in (0.0, 0.1, 0.26, 0.5, 0.9)}
        for delay_s, alarm in alarms.items():
            wheel.schedule(alarm, delay_s)
            await asyncio.sleep(0.03)
        await until(lambda: len(wheel) == 0)
        for index, (delay_s, alarm) in enumerate(alarms.items()):
            (rang_at,) = alarm.rang_at
            waited_s = rang_at - started - 0.03 * index
            assert delay_s - 0.01 <= waited_s < delay_s + 2 * TICK_S + 0.2
        await until(lambda: wheel._handle is None)  # and now it stands still

    run(story())


def test_rescheduling_replaces_and_cancelling_forgets() -> None:
    async def story() -> None:
        wheel = TimerWheel()
        moved, cancelled = Alarm(wheel), Alarm(wheel)
        wheel.schedule(moved, 60)
        wheel.schedule(moved, 0.1)
        wheel.schedule(cancelled, 0.1)
        wheel.cancel(cancelled)
        wheel.cancel(cancelled)
        assert len(wheel) == 1
        await until(lambda: len(wheel) == 0)
        assert len(moved.rang_at) == 1
        assert cancelled.rang_at == []

    run(story())


def test_an_alarm_may_set_itself_again_and_a_broken_one_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Repeating(Alarm):
        def on_timer(self) -> None:
            super().on_timer()
            self.wheel.schedule(self, 0.1)

    class Broken(Alarm):
        def on_timer(self) -> None:
            super().on_timer()
            raise RuntimeError("a bug")

    async def story() -> None:
        wheel = TimerWheel()
        repeating, broken = Repeating(wheel), Broken(wheel)
        wheel.schedule(broken, 0.1)
        wheel.schedule(repeating, 0.1)
        await until(lambda: len(repeating.rang_at) == 3)
        assert len(broken.rang_at) == 1
        wheel.stop()
        assert len(wheel) == 0

    run(story())
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_an_alarm_due_in_the_same_turn_can_still_be_cancelled_or_moved() -> None:
    class Meddler(Alarm):
        def on_timer(self) -> None:
            super().on_timer()
            for other in others:
                if not other.rang_at:
                    self.wheel.cancel(other) if other is others[0] else self.wheel.schedule(other, 0.3)

    others: list[Alarm] = []

    async def story() -> None:
        wheel = TimerWheel()
        pair = [Meddler(wheel), Meddler(wheel)]
        others.extend(pair)
        for alarm in pair:
            wheel.schedule(alarm, 0.1)
        await until(lambda: len(wheel) == 0)
        first_cancelled = [len(alarm.rang_at) for alarm in pair] == [0, 1]
        second_moved = [len(alarm.rang_at) for alarm in pair] == [1, 1]
        assert first_cancelled or second_moved

    run(story())


def test_a_loop_that_was_held_up_catches_up() -> None:
    async def story() -> None:
        wheel = TimerWheel()
        alarms = [Alarm(wheel) for _ in range(4)]
        for number, alarm in enumerate(alarms):
            wheel.schedule(alarm, 0.2 + number * 0.3)
        time.sleep(1.6)  # noqa: ASYNC251  # holding the loop up is the point
        late = Alarm(wheel)
        wheel.schedule(late, 0.5)
        started = time.monotonic()
        await until(lambda: len(wheel) == 0)
        assert all(len(alarm.rang_at) == 1 for alarm in alarms)
        assert late.rang_at[0] - started >= 0.49

    run(story())


def test_what_lies_beyond_the_wheel_is_refused() -> None:
    async def story() -> None:
        wheel = TimerWheel()
        with pytest.raises(ValueError, match="ahead"):
            wheel.schedule(Alarm(wheel), 3600)
        wheel.stop()

    run(story())
