"""What the demo tells people (three links on the terminal) and scripts (`demo.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from rooms.principal import Role
from tracker.city.people import VISITOR
from tracker.demo_visitor import DISPATCHER, Visit, sign_in
from tracker.settings import STATE_FOLDER, Settings

DEMO_FILE = STATE_FOLDER / "demo.json"
MOVING = "en_route"


def describe(settings: Settings, visit: Visit) -> dict[str, Any]:
    """`demo.json`: addresses, links, tokens and job ids. Raises httpx.HTTPError.

    `links.moving` is another customer's: of a simulated pro who is on the way by now.
    """
    admin = sign_in(settings, "admin-1", Role.ADMIN)
    headers = {"Authorization": f"Bearer {admin}"}
    with httpx.Client(base_url=settings.public_url, headers=headers, timeout=5, trust_env=False) as http:
        listed = http.get("/api/dispatch/jobs", params={"limit": 200}).raise_for_status().json()["jobs"]
        jobs: dict[str, list[str]] = {}
        for job in listed:
            jobs.setdefault(job["status"], []).append(job["id"])
        simulated = [job for job in listed if job["pro"] and job["pro"]["id"] != VISITOR]
        moving = next((job["id"] for job in simulated if job["status"] == MOVING), visit.job_id)
        link = visit.links["customer"]
        if moving != visit.job_id:
            link = http.post(f"/api/jobs/{moving}/tracking-link").raise_for_status().json()["url"]
    customer = next((job["customer"]["id"] for job in listed if job["id"] == visit.job_id), None)
    return {
        "base_url": settings.public_url,
        "links": {**visit.links, "moving": link},
        "tokens": {
            "admin": admin,
            "dispatcher": sign_in(settings, DISPATCHER, Role.DISPATCHER),
            "pro": sign_in(settings, VISITOR, Role.PRO),
            "customer": customer and sign_in(settings, customer, Role.CUSTOMER),
        },
        "jobs": jobs,
        "visit": visit.job_id,
    }


def write_json(path: Path, value: object) -> None:
    """Write a file whole or not at all; it may hold tokens, so only its owner reads it."""
    whole = path.with_suffix(".new")
    whole.touch(mode=0o600)
    whole.write_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False), encoding="utf-8")
    whole.replace(path)


def print_links(visit: Visit) -> None:
    """The three sides of one job, to be opened next to each other."""
    print(
        f"""
  Three sides of one job. Open them next to each other, in three windows:

  The customer who waits
    {visit.links["customer"]}
  The pro who comes: tap the big button, the van drives by itself
    {visit.links["pro"]}
  Dispatch, who sees everybody
    {visit.links["dispatch"]}

  Ctrl-C stops everything; the data stays for the next run. For scripts: {DEMO_FILE}
""",
        flush=True,
    )


def print_next(visit: Visit) -> None:
    """The pro has another job: it has another customer."""
    print(f"  The pro's next job; its customer's page is\n    {visit.links['customer']}\n", flush=True)
