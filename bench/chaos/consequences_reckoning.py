"""After the kills: wait until nothing is left to do, then hold everything against everything."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from bench.chaos.consequences_crowd import Crowd
from bench.chaos.consequences_faults import Weather
from bench.chaos.consequences_messages import count_messages, mails_given_up
from bench.chaos.consequences_money import count_jobs, count_payouts, ledger_sum_cents, verify
from bench.chaos.consequences_stage import Company, put_clock_forward, unknown_mails, until_idle
from bench.chaos.consequences_tally import Tallies
from bench.chaos.consequences_traffic import pay_out
from tracker.messages.sending import UNKNOWN_TWICE

STUCK_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What was found. `wrong`: each thing that must not be, with its cases."""

    tallies: Tallies
    wrong: dict[str, list[str]]
    emptied_s: float
    unknown_mails: int
    given_up: int
    effects: int
    begun_again: int
    calls: Counter[str]


async def reckon(company: Company, crowd: Crowd, weather: Weather, *, since: float) -> Reckoning:
    """Everything, in the order in which it becomes true. `since`: the last kill, on the monotonic clock."""
    weather.clear()
    await until_idle(company, STUCK_AFTER_S - (time.monotonic() - since))
    emptied_s = time.monotonic() - since
    stuck = [str(row) for row in await company.fetch(STUCK)]
    if unknown := await unknown_mails(company):
        await put_clock_forward(company)
    await pay_out(crowd)
    await company.do(company.outside.stripe.webhooks.courier.settle)
    await until_idle(company, STUCK_AFTER_S, unknown=True)
    tallies = {
        **await count_messages(company, crowd),
        **await count_jobs(company, crowd),
        **await count_payouts(company),
    }
    given_up = len(await mails_given_up(company))
    ledger_cents = await ledger_sum_cents(company)
    wrong = {
        "effects lost": [f"{name}: {one}" for name, tally in tallies.items() for one in tally.lost],
        "effects taken twice": [f"{name}: {one}" for name, tally in tallies.items() for one in tally.doubled],
        f"effects stuck after {STUCK_AFTER_S:.0f} s": stuck,
        "dead letters": [str(row) for row in await company.fetch(DEAD)],
        "other messages that were not sent": [str(row) for row in await company.fetch(UNSENT, UNKNOWN_TWICE)],
        "other alerts to dispatch": [str(row) for row in await company.fetch(ALERTS, UNKNOWN_TWICE)],
        "requests answered wrongly": crowd.wrong,
        "tracking links that did not open": crowd.links_closed,
        "differences that `tracker verify` finds": await verify(company),
        "ledgers that do not sum to zero": [f"{ledger_cents} cents"] if ledger_cents else [],
        "web processes with a traceback in their log": [
            words[words.index("Traceback") :] for web in company.webs if "Traceback" in (words := web.words())
        ],
    }
    (done,) = await company.fetch(
        "SELECT count(*) AS all, count(*) FILTER (WHERE attempts > 1) AS again"
        " FROM outbox WHERE done_at IS NOT NULL"
    )
    outside = company.outside
    calls = {
        "Stripe": outside.stripe.service.requests,
        "Twilio": outside.twilio.service.requests,
        "SendGrid": outside.sendgrid.requests,
        "push": outside.push.requests,
    }
    counted = Counter({name: len(requests) for name, requests in calls.items()})
    return Reckoning(tallies, wrong, emptied_s, unknown, given_up, done["all"], done["again"], counted)


STUCK = """
SELECT o.effect, o.job_id, o.subject, o.attempts, o.last_error, o.available_at, o.leased_until, d.status
FROM outbox o LEFT JOIN deliveries d ON o.effect = 'send_email' AND d.id::text = o.subject
WHERE o.done_at IS NULL AND o.dead_at IS NULL AND o.expired_at IS NULL
  AND NOT (d.status IS NOT DISTINCT FROM 'sending' AND o.leased_until IS NULL AND o.last_error IS NOT NULL)
"""
DEAD = "SELECT effect, job_id, subject, attempts, last_error FROM outbox WHERE dead_at IS NOT NULL"
# But for mails of which two tries had no answer: a person was told, and decides (`mails_given_up`).
UNSENT = """
SELECT n.kind, n.person_id, n.job_id, d.channel, d.status, d.problem
FROM deliveries d JOIN notifications n ON n.id = d.notification_id
WHERE n.kind <> 'alert' AND d.status NOT IN ('sent', 'delivered')
  AND NOT (d.channel = 'email' AND d.problem IS NOT DISTINCT FROM $1)
"""
ALERTS = """
SELECT title, body, job_id FROM notifications
WHERE kind = 'alert' AND event_key NOT IN (
    SELECT 'delivery:' || id || ':unknown' FROM deliveries WHERE channel = 'email' AND problem = $1)
"""
