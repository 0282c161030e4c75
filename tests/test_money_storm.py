"""Random money against the Stripe stand-in: whatever fails, repeats, crashes or comes late, it adds up.

A short slice of `python -m bench.chaos money`; hypothesis chooses the steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from random import Random
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.money_stage import Stage, money_place, open_stage
from tests.money_world import MoneyWorld
from tracker.local_postgres import PostgresServer

Action = Callable[[MoneyWorld], Coroutine[Any, Any, None]]
ACTIONS: dict[str, list[Action]] = {
    "the office": [MoneyWorld.book, MoneyWorld.hold, MoneyWorld.page, MoneyWorld.reprice, MoneyWorld.cancel],
    "the money": [MoneyWorld.complete, MoneyWorld.refund, MoneyWorld.payout, MoneyWorld.take_back],
    "customers": [MoneyWorld.pay, MoneyWorld.tip, MoneyWorld.card, MoneyWorld.dispute],
    "Stripe": [MoneyWorld.judge, MoneyWorld.dashboard, MoneyWorld.expire, MoneyWorld.webhook],
    "second thoughts": [MoneyWorld.appeal, MoneyWorld.give_back],
    "bad luck": [
        MoneyWorld.fault,
        MoneyWorld.blind,
        MoneyWorld.forget_keys,
        MoneyWorld.crash,
        MoneyWorld.repeat,
    ],
    "workers": [MoneyWorld.work, MoneyWorld.calm],
}


class Storm(RuleBasedStateMachine):
    """One company with a database and a Stripe of its own."""

    postgres: ClassVar[PostgresServer]
    template: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.runner = self.open.enter_context(asyncio.Runner())
        place = self.open.enter_context(money_place(self.postgres, self.template))
        self.stage: Stage = self.runner.run(open_stage("stripe", place))
        self.open.callback(lambda: self.runner.run(self.stage.close()))

    @initialize(random=st.randoms(use_true_random=False))
    def begin(self, random: Random) -> None:
        self.world = MoneyWorld(self.stage, random)
        self.runner.run(self.world.open())

    def take(self, action: Action) -> None:
        self.runner.run(self.world.take(action.__get__(self.world)))

    @rule(action=st.sampled_from(ACTIONS["the office"]))
    def the_office_acts(self, action: Action) -> None:
        self.take(action)

    @rule(action=st.sampled_from(ACTIONS["the money"]))
    def money_moves(self, action: Action) -> None:
        self.take(action)

    @rule(action=st.sampled_from(ACTIONS["customers"]))
    def a_customer_acts(self, action: Action) -> None:
        self.take(action)

    @rule(action=st.sampled_from(ACTIONS["Stripe"]))
    def stripe_acts(self, action: Action) -> None:
        self.take(action)

    @rule(action=st.sampled_from(ACTIONS["second thoughts"]))
    def somebody_thinks_again(self, action: Action) -> None:
        self.take(action)

    @rule(action=st.sampled_from(ACTIONS["bad luck"]))
    def luck_runs_out(self, action: Action) -> None:
        self.take(action)

    @rule(action=st.sampled_from(ACTIONS["workers"]))
    def workers_work(self, action: Action) -> None:
        self.take(action)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.runner.run(self.world.settle())
        finally:
            self.open.close()


def test_whatever_happens_to_money_it_adds_up(postgres: PostgresServer, template_database: str) -> None:
    Storm.postgres, Storm.template = postgres, template_database
    slow_on_purpose = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Storm,
        settings=settings(
            max_examples=6,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=slow_on_purpose,
            database=None,
            phases=[Phase.generate],  # a crash is a matter of milliseconds: a smaller one is another one
        ),
    )
