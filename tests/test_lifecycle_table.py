"""The lifecycle table: every way that is allowed, and that every other way is refused."""

from __future__ import annotations

import itertools

import pytest

from db.errors import Forbidden, Invalid
from rooms.principal import Principal, Role
from tracker.effects.registry import EXECUTORS
from tracker.jobs.consequences import EFFECTS, Effect
from tracker.jobs.lifecycle import (
    LIFECYCLE,
    TERMINAL,
    GuardRefused,
    JobFacts,
    Party,
    Status,
    TransitionRefused,
    check_step,
    next_steps,
    parse_status,
)

S = Status
# design.md §4, written out a second time on purpose: a slip in either is found by the other.
DESIGN = {
    S.PENDING: {S.PENDING_SCHEDULING, S.OPEN, S.ACCEPTED, S.CANCELLED},
    S.PENDING_SCHEDULING: {S.OPEN, S.ACCEPTED, S.SCHEDULED, S.CANCELLED},
    S.OPEN: {S.ACCEPTED, S.CANCELLED},
    S.ACCEPTED: {S.SCHEDULED, S.EN_ROUTE, S.IN_PROGRESS, S.OPEN, S.CANCELLED},
    S.SCHEDULED: {S.EN_ROUTE, S.IN_PROGRESS, S.OPEN, S.CANCELLED},
    S.EN_ROUTE: {S.ARRIVED, S.ACCEPTED, S.CANCELLED},
    S.ARRIVED: {S.IN_PROGRESS, S.CANCELLED},
    S.IN_PROGRESS: {S.COMPLETED, S.CANCELLED},
    S.COMPLETED: {S.PAID},
    S.PAID: set(),
    S.CANCELLED: set(),
}

DISPATCHER = Principal("dee", Role.DISPATCHER)
PRO = Principal("pat", Role.PRO)
OTHER_PRO = Principal("quinn", Role.PRO)
CUSTOMER = Principal("cleo", Role.CUSTOMER)
LINK = Principal("link:1", Role.CUSTOMER, job_id="x")


def job(status: Status, **facts: object) -> JobFacts:
    pro_id = None if status in (S.PENDING, S.PENDING_SCHEDULING, S.OPEN) else "pat"
    return JobFacts(status, "cleo", **{"pro_id": pro_id, "has_window": True, **facts})  # type: ignore[arg-type]


def check(facts: JobFacts, to: Status, who: Principal, reason: str | None = None) -> None:
    check_step(facts, to, who, pro_id=facts.pro_id or "pat", override_reason=reason)


def test_the_table_is_the_one_in_the_design() -> None:
    assert {status: {step.to for step in steps} for status, steps in LIFECYCLE.items()} == DESIGN


def test_every_status_has_its_ways_and_its_effects() -> None:
    assert set(LIFECYCLE) == set(EFFECTS) == set(Status)
    assert {status for status, steps in LIFECYCLE.items() if not steps} == TERMINAL


def test_every_declared_effect_has_exactly_one_executor() -> None:
    assert set(itertools.chain.from_iterable(EFFECTS.values())) <= set(Effect)
    assert set(EXECUTORS) == set(Effect)
    assert len({*EXECUTORS.values()}) == len(Effect)


@pytest.mark.parametrize(("before", "after"), [*itertools.product(Status, Status)])
def test_a_dispatcher_takes_exactly_the_steps_in_the_table_except_the_money_side(
    before: Status, after: Status
) -> None:
    if after in DESIGN[before] and after is not S.PAID:
        check(job(before), after, DISPATCHER)
    else:
        with pytest.raises(TransitionRefused) as refused:
            check(job(before), after, DISPATCHER)
        assert refused.value.facts["current"] == before.value
        assert set(refused.value.facts["allowed"]) == {s.value for s in DESIGN[before] - {S.PAID}}


def test_only_the_money_side_pays() -> None:
    assert LIFECYCLE[S.COMPLETED][0].by == {Party.MONEY}


@pytest.mark.parametrize("stranger", [OTHER_PRO, Principal("zoe", Role.CUSTOMER), LINK])
@pytest.mark.parametrize("before", Status)
def test_a_stranger_moves_nothing(stranger: Principal, before: Status) -> None:
    for after in Status:
        with pytest.raises(Forbidden):
            check(job(before), after, stranger)


def test_a_customer_may_cancel_until_the_pro_sets_out_and_do_nothing_else() -> None:
    for before in Status:
        for after in Status:
            may = after is S.CANCELLED and before in {
                S.PENDING,
                S.PENDING_SCHEDULING,
                S.OPEN,
                S.ACCEPTED,
                S.SCHEDULED,
            }
            if may:
                check(job(before), after, CUSTOMER)
            else:
                with pytest.raises(TransitionRefused):
                    check(job(before), after, CUSTOMER)


def test_work_does_not_start_before_ordered_equipment_is_delivered() -> None:
    waiting = job(S.ARRIVED, order_required=True, order_stage="SHIPPED")
    with pytest.raises(GuardRefused) as refused:
        check(waiting, S.IN_PROGRESS, PRO)
    assert refused.value.facts["unmet"] == ["the ordered equipment has not been delivered"]
    check(job(S.ARRIVED, order_required=True, order_stage="DELIVERED"), S.IN_PROGRESS, PRO)


def test_a_dispatchers_written_reason_overrides_a_guard_and_a_pros_does_not() -> None:
    waiting = job(S.ARRIVED, order_required=True)
    check(waiting, S.IN_PROGRESS, DISPATCHER, reason="the customer had one")
    with pytest.raises(GuardRefused):
        check(waiting, S.IN_PROGRESS, PRO, reason="the customer had one")


def test_work_is_not_completed_while_a_critical_flag_is_open_unless_a_dispatcher_says_why() -> None:
    flagged = job(S.IN_PROGRESS, critical_flags=("SCOPE_MISMATCH",))
    with pytest.raises(GuardRefused) as refused:
        check(flagged, S.COMPLETED, PRO)
    assert refused.value.facts["unmet"] == ["critical pain flags are open: SCOPE_MISMATCH"]
    check(flagged, S.COMPLETED, DISPATCHER, reason="signed by the customer")
    check(flagged, S.CANCELLED, DISPATCHER)
    check(job(S.ARRIVED, critical_flags=("SCOPE_MISMATCH",)), S.IN_PROGRESS, PRO)


@pytest.mark.parametrize("status", Status)
def test_the_next_steps_and_what_stands_in_their_way_are_what_a_step_would_be_told(status: Status) -> None:
    facts = job(status, order_required=True, critical_flags=("SCOPE_MISMATCH",))
    for to, unmet in next_steps(facts, Party.STAFF):
        assert to in DESIGN[status]
        if unmet:
            with pytest.raises(GuardRefused) as refused:
                check_step(facts, to, DISPATCHER, pro_id=facts.pro_id, override_reason=None)
            assert refused.value.facts["unmet"] == [*unmet.values()]
            assert refused.value.facts["guards"] == [*unmet]
        else:
            check_step(facts, to, DISPATCHER, pro_id=facts.pro_id, override_reason=None)


@pytest.mark.parametrize("status", [S.ACCEPTED, S.PENDING_SCHEDULING])
def test_nothing_is_scheduled_without_a_window_and_no_reason_waives_that(status: Status) -> None:
    for reason in (None, "he said some time next week"):
        with pytest.raises(GuardRefused) as refused:
            check(job(status, has_window=False), S.SCHEDULED, DISPATCHER, reason=reason)
        assert "POST /api/jobs/{id}/schedule" in refused.value.facts["unmet"][0]
    check(job(status), S.SCHEDULED, DISPATCHER)


def test_every_step_that_may_begin_or_end_an_appointment_looks_at_the_schedule() -> None:
    looks = {status for status, effects in EFFECTS.items() if Effect.CHECK_SCHEDULE in effects}
    assert looks == {S.OPEN, S.ACCEPTED, S.SCHEDULED, S.COMPLETED, S.CANCELLED}


def test_no_reason_makes_work_without_a_pro_possible() -> None:
    unassigned = JobFacts(S.SCHEDULED, "cleo", None)
    with pytest.raises(GuardRefused):
        check_step(unassigned, S.IN_PROGRESS, DISPATCHER, pro_id=None, override_reason="please")


def test_assigned_is_a_synonym_of_accepted_and_nonsense_is_refused() -> None:
    assert parse_status("assigned") is S.ACCEPTED
    for word in ("", "ACCEPTED", "done", "accepted ", "x" * 5000):
        with pytest.raises(Invalid):
            parse_status(word)
