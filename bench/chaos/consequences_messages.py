"""Who had to be told what, by the jobs' events and the table of kinds, and what the outside has of it.

Texts are compared word by word, the tracking link included; mails and pushes by address, title and job.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench.chaos.consequences_crowd import Crowd, Life
from bench.chaos.consequences_stage import NAME, PRO_PEOPLE, Company, customer
from bench.chaos.consequences_tally import Tallies, compare
from bench.chaos.consequences_traffic import ADDRESS, service_of
from db.seeding import SeedPerson
from tests.running import SECRET
from tracker.identity.links import on_the_way_link
from tracker.messages.kinds import PLANS, Channel, Kind
from tracker.messages.sending import UNKNOWN_TWICE
from tracker.messages.texts import Voice, sms_of, title_of

VOICE = Voice(NAME, "en", "usd", ZoneInfo("UTC"))
ROOM = re.compile(r"room (\d+)")
EVENTS = """
SELECT job_id::text AS job_id, version, to_status,
       CASE WHEN from_status = 'open' AND actor_role = 'pro' THEN actor_id END AS given_to
FROM job_events WHERE kind = 'status' ORDER BY job_id, version
"""
NAMES = {Channel.SMS: "texts", Channel.EMAIL: "mails", Channel.PUSH: "pushes"}


async def mails_given_up(company: Company) -> list[dict[str, Any]]:
    """Mails that a person must see to: after two tries without an answer, no service can be asked."""
    return await company.fetch(
        "SELECT d.id::text AS delivery, d.recipient, n.title, n.body"
        " FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE d.channel = 'email' AND d.status = 'failed' AND d.problem = $1",
        UNKNOWN_TWICE,
    )


async def count_messages(company: Company, crowd: Crowd) -> Tallies:
    """Texts, mails, pushes and the bell's entries, by kind. What a person was told to see to is not lost."""
    demanded: dict[Hashable, tuple[str, int]] = {}
    for name, what in await _demanded(company, crowd):
        demanded[what] = (name, demanded.get(what, (name, 0))[1] + 1)
    mails = _mails(company, await mails_given_up(company))
    found = [*_texts(company), *mails, *_pushes(company), *await _bells(company)]
    return compare(demanded, found, other="messages that nothing demanded")


async def _demanded(company: Company, crowd: Crowd) -> list[tuple[str, Hashable]]:
    """(name, what) of each message."""
    lives = {life.job_id: life for life in crowd.lives}
    owners: dict[str, str] = {}
    demanded: list[tuple[str, Hashable]] = []
    for event in await company.fetch(EVENTS):
        life = lives[event["job_id"]]
        if event["to_status"] == "open":
            owners.pop(life.job_id, None)
        owner = owners[life.job_id] = event["given_to"] or owners.get(life.job_id, "")
        for kind, person_id in _told(event, life, owner):
            demanded += _ways(company, kind, person_id, life, owner, event["version"])
            demanded.append((f"bell: {kind.value}", ("bell", person_id, kind.value, life.job_id)))
    for row in await company.fetch(LATER_PAID):
        demanded += _paid_later(company, row["pro_id"])
    return demanded


# Transfers with money for jobs that were paid before: a tip that came later is told by itself.
LATER_PAID = """
SELECT t.pro_id FROM transfers t JOIN ledger_transactions l ON l.key = 'transfer:' || t.id
JOIN payouts p ON p.transfer_no = t.id
JOIN job_events e ON e.job_id = p.job_id AND e.to_status = 'paid' AND e.recorded_at < l.posted_at
GROUP BY t.id HAVING sum(p.amount_cents) > 0
"""


def _paid_later(company: Company, pro_id: str) -> Iterator[tuple[str, Hashable]]:
    kind = Kind.PAYOUT_PAID
    yield f"bell: {kind.value}", ("bell", pro_id, kind.value, None)
    if pro_id in company.browsers:
        yield f"pushes: {kind.value}", (Channel.PUSH, pro_id, title_of(kind, {}, VOICE), "")


def _told(event: dict[str, Any], life: Life, pro_id: str) -> Iterator[tuple[Kind, str]]:
    """Who is told what of one event."""
    match event["to_status"]:
        case "accepted" if event["given_to"]:
            yield from ((Kind.JOB_WON, pro_id), (Kind.WHO_COMES, life.customer_id))
        case "en_route":
            yield Kind.ON_THE_WAY, life.customer_id
        case "arrived":
            yield Kind.ARRIVED, life.customer_id
        case "completed":
            yield Kind.RECEIPT, life.customer_id
            yield from ((Kind.REVIEW_REQUEST, one) for one in (life.customer_id, pro_id))
        case "cancelled":
            yield from ((Kind.CANCELLED, one) for one in (life.customer_id, pro_id) if one)
        case "paid":
            yield Kind.PAYOUT_PAID, pro_id


def _ways(
    company: Company, kind: Kind, person_id: str, life: Life, pro_id: str, version: int
) -> Iterator[tuple[str, Hashable]]:
    """How one person is told: each way's first channel that they have."""
    person = PRO_PEOPLE.get(person_id) or customer(life.number)
    facts = {
        "service": service_of(life.number),
        "customer": customer(life.number).name,
        "address": ADDRESS,
        "pro": PRO_PEOPLE[pro_id].name if pro_id else "",
    }
    for channels in PLANS[kind].ways:
        channel = next((one for one in channels if _has(company, person, one)), None)
        if channel is None:
            continue
        name = f"{NAMES[channel]}: {kind.value}"
        title = title_of(kind, facts, VOICE)
        room = "" if kind is Kind.PAYOUT_PAID else str(life.number)
        if channel is Channel.SMS:
            link = on_the_way_link(SECRET, UUID(life.job_id), version)
            page = f"{company.webs[0].url}/track/{link}"
            yield name, (channel, person.phone, sms_of(kind, facts, VOICE, link=page))
        else:
            address = person.email if channel is Channel.EMAIL else person.id
            yield name, (channel, address, title, room)


def _has(company: Company, person: SeedPerson, channel: Channel) -> bool:
    return channel is not Channel.PUSH or person.id in company.browsers


def _texts(company: Company) -> Iterator[tuple[Hashable, Hashable]]:
    for one in company.outside.twilio.sent():
        yield (Channel.SMS, one["to"], one["body"]), one["sid"]


def _mails(company: Company, given_up: list[dict[str, Any]]) -> Iterator[tuple[Hashable, Hashable]]:
    sent = set()
    for one in list(company.outside.sendgrid.mails):
        identity = (one.headers["Message-ID"], one.custom_args["delivery"])
        sent.add(one.custom_args["delivery"])
        yield (Channel.EMAIL, one.to[0], one.subject, _room(one.text)), identity
    for row in given_up:
        if row["delivery"] not in sent:
            yield (Channel.EMAIL, row["recipient"], row["title"], _room(row["body"])), row["delivery"]


def _pushes(company: Company) -> Iterator[tuple[Hashable, Hashable]]:
    for person_id, browser in company.browsers.items():
        for one in list(browser.received):
            said = json.loads(one.payload)
            yield (Channel.PUSH, person_id, said["title"], _room(said["body"])), said["tag"]


def _room(words: str) -> str:
    """The job that a message names; the empty text when it names none."""
    found = ROOM.search(words)
    return found[1] if found else ""


async def _bells(company: Company) -> list[tuple[Hashable, Hashable]]:
    rows = await company.fetch(
        "SELECT id, person_id, kind, job_id::text AS job_id FROM notifications WHERE kind <> 'alert'"
    )
    return [(("bell", row["person_id"], row["kind"], row["job_id"]), row["id"]) for row in rows]
