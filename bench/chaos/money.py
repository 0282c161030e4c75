"""Random money against the Stripe stand-in, where everything that can fail does: it adds up to the cent.

Each world is a company with a database and a Stripe of its own. After every step the ledger sums to zero,
and nothing is captured above its hold or refunded above its capture, here and there. When a world's storm is
over, our books are compared with Stripe's objects, each of them.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import Counter
from random import Random

from bench.harness import Report
from db.migrate import migrate
from tests.money_stage import STRIPE, Place, money_place, open_stage
from tests.money_world import MoneyWorld
from tests.postgres import execute, make_postgres, named, open_folder
from tracker.local_postgres import PostgresServer

STEPS, STEPS_IN_FULL = 20_000, 200_000
STEPS_OF_A_WORLD = 500
SEED = 20_261_121
TEMPLATE = "template_tracker"


async def run(full: bool) -> Report:
    """The part `money`."""
    report = Report("money", "Money against a Stripe that fails")
    steps = STEPS_IN_FULL if full else STEPS
    taken, flaws, errors = await asyncio.to_thread(_worlds, steps // STEPS_OF_A_WORLD)
    refused = sum(count for name, count in taken.items() if name.endswith("(refused)"))
    report.say(
        f"{sum(taken.values())} random steps in {steps // STEPS_OF_A_WORLD} companies (seeds from {SEED}),"
        f" {refused} of them refused. Stripe was told to fail {taken['fault']} times, to refuse a look"
        f" {taken['blind']} times and to forget its keys {taken['forget_keys']} times. Two workers were"
        f" killed over the same effects {taken['crash']} times, {taken['repeat']} effects"
        f" ran again after they were done, and webhooks came {taken['webhook']} times, late and in any order."
    )
    report.say()
    report.target("worlds with a step after which the money did not add up", [len(flaws)], most=0)
    report.target("worlds whose books were not Stripe's in the end", [len(errors)], most=0)
    for flaw in (*flaws, *errors):
        report.say(f"\n{flaw}")
    return report


def _worlds(number: int) -> tuple[Counter[str], list[str], list[str]]:
    """Play them one after the other; what was done, and what was wrong in a step and in the end."""
    taken: Counter[str] = Counter()
    flaws: list[str] = []
    errors: list[str] = []
    with open_folder() as folder:
        server = make_postgres(folder)
        server.start()
        try:
            _make_template(server)
            for seed in range(SEED, SEED + number):
                with money_place(server, TEMPLATE) as place:
                    asyncio.run(_play(place, seed, taken, flaws, errors))
        finally:
            server.stop()
    return taken, flaws, errors


def _make_template(server: PostgresServer) -> None:
    execute(server.url, f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(migrate(named(server.url, TEMPLATE)))


async def _play(place: Place, seed: int, taken: Counter[str], flaws: list[str], errors: list[str]) -> None:
    """One world: its storm, then its end."""
    stage = await open_stage(STRIPE, place)
    world = MoneyWorld(stage, Random(seed))
    wrong = flaws
    try:
        await world.open()
        for _ in range(STEPS_OF_A_WORLD):
            await world.step()
        wrong = errors
        await world.settle()
    except AssertionError:
        wrong.append(f"World {seed}:\n\n    " + traceback.format_exc().replace("\n", "\n    "))
    finally:
        taken.update(world.taken)
        await stage.close()
