"""From a heartbeat message to a dot, a durable row and an ack: the steps in their order.

The caller has made sure that the principal is a pro. One code path serves the socket's synchronous fast path
(`receive_one`), HTTP and batches (`receive`): parse → jobs → verdicts → dot → commit → ack.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from db.errors import Busy, Forbidden, Invalid, Problem, Unavailable
from db.pool import Database
from db.positions import last_positions_of
from db.times import epoch_ms
from tracker.positions import eta
from tracker.positions.contact import Contact, ContactBoard, Overdue
from tracker.positions.forms import dot_of, fleet_place_of, iso_of
from tracker.positions.heartbeat import MAX_BATCH, Heartbeat, Reason, Rejected, parse_batch
from tracker.positions.ingest import Committer, Outcome
from tracker.positions.judging import Judged, judge_message
from tracker.positions.live_pro import Ack, ActiveJob, Done, LivePro, Message
from tracker.positions.live_pros import LivePros
from tracker.positions.outputs import Outputs
from tracker.positions.policy import JobNeeds, policy_for
from tracker.positions.routing import Routing

log = logging.getLogger(__name__)

BEFORE_ARRIVAL = ("accepted", "scheduled", "en_route")


class HeartbeatRefused(Invalid):
    """Nothing in this message can be kept; sending it again cannot help."""

    code = "heartbeat_refused"


class NotYourJob(Forbidden):
    """That job is not one of your active jobs."""

    code = "not_your_job"


class Receiver:
    """Receives heartbeats on this node. Make it inside a running event loop."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        outputs: Outputs,
        *,
        routing: Routing | None = None,
    ) -> None:
        self._database = database
        self._committer = committer
        self._outputs = outputs
        self._routing = routing
        self._contacts: ContactBoard[str] = ContactBoard()
        self._counts: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._pros = LivePros(database, on_loaded=self._loaded, on_message=self._settle, on_gone=self._gone)

    # Ways in

    async def receive(self, pro_id: str, items: Sequence[object], now: datetime) -> Ack:
        """Keep the decoded items of one message and return the ack, once they are durable.

        Raises Invalid (no or too many items), HeartbeatRefused or NotYourJob when not one item can be kept,
        Forbidden for a person nobody knows, Busy, and Unavailable.
        """
        answer: asyncio.Future[Ack | Problem] = self._loop.create_future()

        def done(result: Ack | Problem) -> None:
            if not answer.done():  # the caller may have left
                answer.set_result(result)

        self._accept(pro_id, items, now, done)
        result = await answer
        if isinstance(result, Problem):
            raise result
        return result

    def receive_one(
        self, pro_id: str, raw: object, reply: Callable[[dict[str, Any]], None], now: datetime
    ) -> None:
        """The same for one heartbeat from a socket, without a task; `reply` is called with the ack."""
        self._accept(
            pro_id,
            (raw,),
            now,
            lambda result: reply(result.as_ack() if isinstance(result, Problem) else result),
        )

    # What others tell us

    def refresh_jobs(self, pro_id: str) -> None:
        """The pro's jobs changed (the bus says so): look again before the next heartbeat counts."""
        self._pros.refresh(pro_id)

    def forget(self, pro_id: str) -> None:
        """Know nothing of this pro any more; the next heartbeat loads everything anew."""
        self._pros.forget(pro_id)

    def watchers_changed(self, job_id: UUID) -> None:
        """Somebody began or ceased to look at this job: the phone may have to send at another pace."""
        pro = self._pros.with_job(job_id)
        if pro is not None:
            self._set_policy(pro)

    async def sweep_contacts(self, now: datetime) -> None:
        """Tell the rooms whose pros have fallen silent; call it every second.

        Before that, look whether another node hears the pro: then it is that node's business.
        """
        overdue = self._contacts.sweep(epoch_ms(now))
        heard_elsewhere = await self._heard_elsewhere(overdue) if overdue else set()
        for pro_id, contact, last_received_ms in overdue:
            pro = self._pros.find(pro_id)
            if pro is None or pro.last_received_ms != last_received_ms:
                continue  # it spoke while we asked the database
            if pro_id in heard_elsewhere:
                self._pros.forget(pro_id)
            else:
                self._tell_contact(pro, contact, last_received_ms)
                if pro.on_fleet and pro.track.newest is not None:
                    self._outputs.fleet(pro.id, fleet_place_of(pro, pro.track.newest, contact))

    def take_counts(self) -> dict[str, int]:
        """Positions by verdict since the last call, and `rejected` and `duplicate_row`, for the metrics."""
        counts, self._counts = self._counts, Counter()
        return {verdict: number for verdict, number in counts.items() if number}

    async def aclose(self) -> None:
        """Refuse what still waits to be understood; close the committer after this."""
        await self._pros.aclose()

    # The steps of a message

    def _accept(self, pro_id: str, items: Sequence[object], now: datetime, done: Done) -> None:
        arrived = self._loop.time()
        pro = self._pros.get(pro_id)
        if not pro.may_send(len(items), arrived):
            return done(Busy("Too many heartbeats; a phone needs at most one a second."))
        if not 1 <= len(items) <= MAX_BATCH:
            return done(Invalid(f"A message has 1 to {MAX_BATCH} positions.", field="positions"))
        now_ms = epoch_ms(now)
        fixes, rejected = parse_batch(items, now_ms)
        if not fixes:
            return done(self._refusal(rejected))
        return self._pros.take(pro, Message(pro_id, fixes, rejected, now_ms, arrived, done))

    def _settle(self, pro: LivePro, message: Message) -> None:
        """The message's pro is loaded: judge, show, and hand over to the commit."""
        if pro.name is None:
            return message.done(Forbidden("This account is not set up to send positions."))
        judged = judge_message(pro, message)
        if not judged.rows:
            return message.done(self._refusal(judged.rejected))
        self._counts.update(judged.verdicts)
        self._show(pro, judged, message.now_ms)
        try:
            self._committer.submit(
                judged.rows,
                lambda outcome: self._committed(pro, message, judged, outcome),
                message.arrived,
            )
        except Problem as problem:
            message.done(problem)
        return None

    def _show(self, pro: LivePro, judged: Judged, now_ms: int) -> None:
        """Tell everybody at once where the pro is now; the commit follows behind."""
        self._set_policy(pro)
        for job in judged.arrivals:
            self._outputs.arrival_suggested(pro.id, job.id)
        if judged.moved_to is None:
            return
        pro.last_received_ms = now_ms
        interval_s = pro.policy.interval_s
        for job, fix in judged.newest.values():
            self._outputs.position(job, dot_of(job, fix, self._eta(pro, job, fix, now_ms), interval_s))
        if contact := self._contacts.heard(pro.id, now_ms, interval_s, now_ms):
            self._tell_contact(pro, contact, now_ms)
        if pro.is_at_work():
            pro.on_fleet = True
            self._outputs.fleet(pro.id, fleet_place_of(pro, judged.moved_to))

    def _committed(self, pro: LivePro, message: Message, judged: Judged, outcome: Outcome) -> None:
        """The rows are durable, or not: answer the phone."""
        if isinstance(outcome, Problem):
            return message.done(outcome)
        duplicates = judged.known_items(outcome)
        self._counts["duplicate_row"] += duplicates
        self._counts["rejected"] += len(judged.rejected)
        for job_id in judged.trails_filled(outcome):
            self._outputs.trail_changed(job_id)
        return message.done(
            {
                "ok": True,
                "accepted": len(judged.spans) - duplicates,
                "duplicates": duplicates,
                "rejected": _named(judged.rejected),
                "policy": pro.policy.as_dict(),
            }
        )

    def _refusal(self, rejected: list[Rejected]) -> Problem:
        self._counts["rejected"] += len(rejected)
        if all(each.reason is Reason.NOT_YOUR_JOB for each in rejected):
            return NotYourJob(rejected=_named(rejected))
        return HeartbeatRefused(rejected=_named(rejected))

    # Parts of the steps

    def _set_policy(self, pro: LivePro) -> None:
        watched = self._outputs.watched
        needs = [JobNeeds(job.status, watched(job.id), job.straight_m) for job in pro.jobs.values()]
        policy = policy_for(needs, pro.battery)
        if policy != pro.policy:
            pro.policy = policy
            self._outputs.policy(pro.id, policy.as_dict())

    def _eta(self, pro: LivePro, job: ActiveJob, fix: Heartbeat, now_ms: int) -> eta.Eta | None:
        if job.status not in BEFORE_ARRIVAL or job.straight_m is None:
            return None
        if self._routing is not None and job.status == "en_route":
            route = self._routing.route_of(job.id, (fix.lat, fix.lng), (job.lat, job.lng), now_ms)
            if route is not None:
                return eta.along_route(route, job.straight_m)
        return eta.estimate(job.straight_m, pro.pace.m_s)

    def _tell_contact(self, pro: LivePro, contact: Contact, last_received_ms: int) -> None:
        last_seen = iso_of(last_received_ms)
        for job in pro.jobs.values():
            self._outputs.contact_changed(job.id, contact, last_seen)

    def _loaded(self, pro: LivePro, gone: list[ActiveJob]) -> None:
        """The pro's facts are fresh: forget lost jobs, and take over what another node has heard."""
        self._forget_routes(gone)
        for job in pro.jobs.values():
            job.straight_m = pro.distance_to(job)
        heard_ms = pro.last_received_ms
        if heard_ms is not None and heard_ms > (self._contacts.last_received_ms(pro.id) or 0):
            now_ms = pro.waiting[0].now_ms if pro.waiting else heard_ms
            self._contacts.heard(pro.id, heard_ms, pro.policy.interval_s, now_ms)
        self._set_policy(pro)
        if pro.on_fleet and not pro.is_at_work() and pro.track.newest is not None:
            pro.on_fleet = False
            self._outputs.left_fleet(pro.id, pro.track.newest.lat, pro.track.newest.lng)

    def _gone(self, pro: LivePro) -> None:
        self._contacts.forget(pro.id)
        self._forget_routes(pro.jobs.values())

    def _forget_routes(self, jobs: Iterable[ActiveJob]) -> None:
        if self._routing is not None:
            for job in jobs:
                self._routing.forget(job.id)

    async def _heard_elsewhere(self, overdue: list[Overdue[str]]) -> set[str]:
        """The pros among these of whom the database has a newer position than this node."""
        ours = {each.key: each.last_received_ms for each in overdue}
        try:
            async with self._database.connection() as conn:
                last = await last_positions_of(conn, ours)
        except Unavailable:
            return set()
        return {pro_id for pro_id, position in last.items() if epoch_ms(position.received_at) > ours[pro_id]}


def _named(rejected: list[Rejected]) -> list[dict[str, Any]]:
    return [{"index": each.index, "reason": each.reason.value} for each in rejected]
