"""The company's office in the demo: orders that customers pay for, holds, and the payout of the pros.

Where payments are a sandbox, an order goes the whole way: kept, paid on a payment page, made a job by what a
webhook would cause. With a real provider's keys nobody is charged for a demo: orders are imported unpaid.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from typing import Any

from db.errors import Unavailable
from tracker.city.people import VISITOR, Person
from tracker.city.seed import City
from tracker.http_client import HttpClient, HttpRefused

log = logging.getLogger(__name__)

UNDER_WAY = "open,accepted,scheduled,en_route,arrived,in_progress"
BOOKS_EVERY_S = 45.0
MOUNTS = ("fixed", "tilt", "full_motion")
TV_SIZES = (43, 55, 65, 75)


class Office:
    """Takes in new orders, so that the pros never run out of work, and pays the pros for what they did."""

    def __init__(self, http: HttpClient, city: City, rng: random.Random) -> None:
        self._http = http
        self._skills = {skill.code: skill for skill in city.skills}
        self._customers = [person for person in city.people if person.role == "customer"]
        self._rng = rng

    async def take_order(self, skills: tuple[str, ...]) -> None:
        """A customer orders and pays something that needs one of these skills. Raises Unavailable."""
        order = self._order(skills)
        try:
            await self._http.post("/api/dispatch/orders", order)
            await self._pay(order)
        except HttpRefused as refused:
            if refused.reason != "no_sandbox":
                raise
            await self._http.post("/api/dispatch/orders/import", {"orders": [order]})

    async def keep_books(self) -> None:
        """Hold money for every job that has none yet; then approve and pay out, again and again."""
        await self._kept(self._hold_all)
        while True:
            await asyncio.sleep(BOOKS_EVERY_S)
            await self._kept(self._pay_out)

    async def _kept(self, step: Any) -> None:
        try:
            await step()
        except (HttpRefused, Unavailable) as error:
            log.warning("the books are put off: %s", error)

    async def _pay(self, order: dict[str, Any]) -> None:
        page = await self._http.post(
            "/api/dispatch/sandbox/checkouts",
            {
                "amount_cents": order["price_cents"],
                "description": order["service"],
                "customer_email": order["customer"]["email"],
                "metadata": {"order_reference": order["reference"]},
                "request_key": order["reference"],
            },
        )
        await self._http.post(f"/api/dispatch/sandbox/checkouts/{page['id']}/pay")

    async def _hold_all(self) -> None:
        page = await self._http.get("/api/dispatch/jobs", {"status": UNDER_WAY, "limit": 200})
        for job in page["jobs"]:
            try:
                await self._http.post(f"/api/dispatch/jobs/{job['id']}/hold", {})
            except HttpRefused as refused:  # held already, ended meanwhile, or no card to hold on
                log.info("no hold for %s: %s", job["id"], refused.reason)

    async def _pay_out(self) -> None:
        waiting = await self._http.get("/api/dispatch/payouts", {"status": "pending", "limit": 200})
        # A visitor's money waits for the visitor to approve it.
        lines = [line["id"] for line in waiting["payouts"] if line["pro_id"] != VISITOR]
        if lines:
            await self._http.post("/api/dispatch/payouts/approve", {"ids": lines})
            await self._http.post("/api/dispatch/payouts/run", {"run_key": f"demo-{secrets.token_hex(4)}"})

    def _order(self, skills: tuple[str, ...]) -> dict[str, Any]:
        skill = self._skills[self._rng.choice(skills)]
        service = self._rng.choice(skill.services)
        customer = self._rng.choice(self._customers)
        return {
            "reference": f"WREN-{secrets.token_hex(5).upper()}",
            "customer": _whose(customer),
            "skill": skill.code,
            "service": service.name,
            "lat": customer.home.lat,
            "lng": customer.home.lng,
            "address": customer.home.text,
            "approximate_address": customer.home.approximate,
            "price_cents": self._rng.randrange(service.low_cents, service.high_cents + 1, 500),
            "items": [self._tv()] if skill.code == "tv_mounting" else [],
            "order_required": False,
            "open": True,
        }

    def _tv(self) -> dict[str, Any]:
        size, mount = self._rng.choice(TV_SIZES), self._rng.choice(MOUNTS)
        return {"kind": "tv", "name": f"{size}-inch TV", "mount_type": mount, "tv_size_in": size}


def _whose(customer: Person) -> dict[str, Any]:
    return {"id": customer.id, "name": customer.name, "phone": customer.phone, "email": customer.email}
