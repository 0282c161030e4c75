"""People who take jobs through their lives while the company is being killed.

A mover taps the next status when the messages of the last one are out: a job stays in a status for minutes,
and what a customer was not told in time is not told later (an "on the way" after the arrival), by design.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum

import httpx

from bench.chaos.consequences_crowd import AGAIN_S, Crowd, Life, Stopped
from bench.chaos.consequences_stage import PROS, SKILL, Company, customer
from rooms.principal import Role
from tests.company import DOOR

OFFICE_EVERY_S = 2.0
PRICES_CENTS = range(5_000, 20_500, 500)  # of which 60 percent are whole cents
TIP_CENTS, REFUND_STEP_CENTS = 700, 500
WAY = ("en_route", "arrived", "in_progress", "completed")
ADDRESS = "12 Castle Street, Apt 3, Liverpool"
LINK = re.compile(r"/track/([\w-]+)")


class Fate(Enum):
    """What becomes of a job."""

    DONE = "done"
    TURNED_BACK = "turned back"  # the pro sets out, turns back, sets out again
    GIVEN_BACK = "given back"  # the pro gives it back, another one takes it
    CANCELLED = "cancelled"  # somewhere on its way
    REGRETTED = "regretted"  # the customer cancels while the money is being held


WEIGHTS = {Fate.DONE: 10, Fate.TURNED_BACK: 2, Fate.GIVEN_BACK: 2, Fate.CANCELLED: 3, Fate.REGRETTED: 2}


async def live_on(crowd: Crowd) -> None:
    """One job after another, until the traffic stops."""
    while not crowd.stopped:
        life = Life(next(crowd.numbers), random.choice(PRICES_CENTS))
        with suppress(Stopped):
            await live(crowd, life, random.choices([*WEIGHTS], [*WEIGHTS.values()])[0])


async def live(crowd: Crowd, life: Life, fate: Fate) -> None:
    """One job from its order to its end. Raises Stopped between two steps."""
    await order(crowd, life)
    if fate is Fate.REGRETTED:
        await step(crowd, life, "cancelled", Role.CUSTOMER, life.customer_id)
        return
    pro_id = f"pro{random.randrange(PROS)}"
    await claim(crowd, life, pro_id)
    if fate is Fate.GIVEN_BACK:
        await crowd.ask(Role.PRO, pro_id, "POST", f"/api/jobs/{life.job_id}/release")
        life.steps.append("open")
        pro_id = f"pro{(int(pro_id[3:]) + 1) % PROS}"
        await claim(crowd, life, pro_id)
    if fate is Fate.TURNED_BACK:
        await set_out(crowd, life, pro_id)
        await step(crowd, life, "accepted", Role.PRO, pro_id)
        await crowd.calm(life)
    ends_after = random.randrange(len(WAY)) if fate is Fate.CANCELLED else len(WAY)
    for status in WAY[:ends_after]:
        if status == "en_route":
            await set_out(crowd, life, pro_id)
            continue
        if status == "completed" and random.random() < 0.3:
            await tip(crowd, life)
        await step(crowd, life, status, Role.PRO, pro_id)
        if status == "arrived":
            await crowd.calm(life)
    if fate is Fate.CANCELLED:
        await step(crowd, life, "cancelled", Role.DISPATCHER, "dee")
    else:
        await give_and_take(crowd, life)


async def order(crowd: Crowd, life: Life) -> None:
    """A customer orders, and the price is held on their card."""
    async with crowd.desk:
        life.customer_id = await crowd.company.add_customer(life.number)
    await open_browser(crowd, Role.CUSTOMER, life.customer_id)
    body = {
        "customer_id": life.customer_id,
        "skill": SKILL,
        "service": service_of(life.number),
        "lat": DOOR[0],
        "lng": DOOR[1],
        "address": ADDRESS,
        "price_cents": life.price_cents,
        "reference": f"order-{life.number}",
        "open": True,
    }
    made = await crowd.staff("POST", "/api/jobs", body)
    life.job_id = made["id"]
    crowd.lives.append(life)
    await crowd.staff("POST", f"/api/dispatch/jobs/{life.job_id}/hold", {}, done_by="hold_exists")


async def open_browser(crowd: Crowd, role: Role, person_id: str) -> None:
    """Somebody wants pushes, if they are one of those who do."""
    if wanted := crowd.company.open_browser(person_id):
        await crowd.ask(role, person_id, "POST", "/api/push/subscriptions", wanted)


def service_of(number: int) -> str:
    """What is ordered; it names the job in every message that says it."""
    return f"Clear room {number}"


async def claim(crowd: Crowd, life: Life, pro_id: str) -> None:
    """A pro takes the job."""
    await crowd.ask(Role.PRO, pro_id, "POST", f"/api/jobs/{life.job_id}/accept")
    life.steps.append("accepted")
    await crowd.calm(life)


async def set_out(crowd: Crowd, life: Life, pro_id: str) -> None:
    """The pro is on the way; the link in the customer's newest text opens."""
    await step(crowd, life, "en_route", Role.PRO, pro_id)
    await crowd.calm(life)
    phone = customer(life.number).phone
    texts = [one["body"] for one in crowd.company.outside.twilio.sent() if one["to"] == phone]
    found = next((match for text in reversed(texts) if (match := LINK.search(text))), None)
    if found is None:
        return  # counted as a text that was lost
    opened = await _opens(crowd, life, found[1])
    crowd.links_opened += opened
    if not opened:
        crowd.links_closed.append(f"{life.job_id}: {found[1]}")


async def _opens(crowd: Crowd, life: Life, link: str) -> bool:
    while True:
        url = f"{random.choice(crowd.company.webs).url}/api/jobs/{life.job_id}"
        with suppress(httpx.TransportError):
            answer = await crowd.http.get(url, headers={"Authorization": f"Link {link}"})
            if answer.status_code != 503:
                return answer.is_success
        await asyncio.sleep(AGAIN_S)


async def step(crowd: Crowd, life: Life, status: str, role: Role, who: str) -> None:
    """Somebody taps a status. Raises Stopped instead of beginning when the traffic has ended."""
    if crowd.stopped:
        raise Stopped
    await crowd.ask(role, who, "POST", f"/api/jobs/{life.job_id}/status", {"status": status})
    life.steps.append(status)


async def tip(crowd: Crowd, life: Life) -> None:
    """The customer gives a tip, and presses twice."""
    body = {"amount_cents": TIP_CENTS, "key": f"tip-{life.tips_cents}"}
    path = f"/api/jobs/{life.job_id}/tip"
    presses = (crowd.ask(Role.CUSTOMER, life.customer_id, "POST", path, body) for _ in range(2))
    await asyncio.gather(*presses)
    life.tips_cents += TIP_CENTS


async def give_and_take(crowd: Crowd, life: Life) -> None:
    """After the work: a tip, while the price is being taken or later; then a part of the price goes back."""
    if random.random() < 0.3:
        if random.random() < 0.5:
            await crowd.calm(life)
        await tip(crowd, life)
    if random.random() < 0.3:
        await crowd.calm(life)
        amount_cents = random.randrange(REFUND_STEP_CENTS, life.price_cents + 1, REFUND_STEP_CENTS)
        body = {"amount_cents": amount_cents, "reason": "a scratch", "request_key": f"refund-{life.number}"}
        path = f"/api/dispatch/jobs/{life.job_id}/refunds"
        await asyncio.gather(*(crowd.staff("POST", path, body) for _ in range(2)))
        life.refunds_cents += amount_cents


async def pay_out(crowd: Crowd) -> None:
    """The office approves what is pending and pays what is approved; both buttons are pressed twice."""
    path = "/api/dispatch/payouts?status=pending&limit=200"
    while lines := (await crowd.staff("GET", path))["payouts"]:
        ids = {"ids": [line["id"] for line in lines]}
        await asyncio.gather(*(crowd.staff("POST", "/api/dispatch/payouts/approve", ids) for _ in range(2)))
    run = {"run_key": f"run-{next(crowd.runs)}"}
    await asyncio.gather(*(crowd.staff("POST", "/api/dispatch/payouts/run", run) for _ in range(2)))


async def _office(crowd: Crowd) -> None:
    while not crowd.stopped:
        await pay_out(crowd)
        await asyncio.sleep(OFFICE_EVERY_S)


@asynccontextmanager
async def working_day(company: Company, movers: int) -> AsyncIterator[Crowd]:
    """Traffic until `rest`; the buttons can still be pressed after it."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=10, limits=limits, trust_env=False) as http:
        crowd = Crowd(company, http)
        for number in range(PROS):
            await open_browser(crowd, Role.PRO, f"pro{number}")
        crowd.tasks = [asyncio.create_task(live_on(crowd)) for _ in range(movers)]
        crowd.tasks.append(asyncio.create_task(_office(crowd)))
        looking = asyncio.create_task(crowd.look())
        try:
            yield crowd
        finally:
            for task in (looking, *crowd.tasks):
                task.cancel()
            await asyncio.gather(looking, *crowd.tasks, return_exceptions=True)
