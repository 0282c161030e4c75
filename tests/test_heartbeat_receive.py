"""From heartbeat to dot, row and ack: every Location row of the failure plan, on real PostgreSQL."""

from __future__ import annotations

import asyncio
import math
from uuid import uuid4

import pytest

from db.active_jobs import active_jobs_of
from db.errors import Busy, Forbidden, Invalid
from db.pool import Database
from db.positions import last_position, trail_of
from tests.company import add_job, with_company
from tests.receiving import at, fix, receiving, reply_of, rows, set_status
from tracker.positions import live_pros
from tracker.positions.filters import Verdict
from tracker.positions.heartbeat import Reason
from tracker.positions.receive import HeartbeatRefused, NotYourJob


def test_a_heartbeat_moves_the_dot_is_kept_and_then_acked(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            raw = fix(10, 0, heading=90, speed=5, battery=0.8, seq=41, session="phone")
            ack = await receiver.receive("pat", [raw], at(1))
            assert ack == {
                "ok": True,
                "accepted": 1,
                "duplicates": 0,
                "rejected": [],
                "policy": {"interval_s": 5, "min_displacement_m": 10},
            }
            (dot,) = heard.dots(job)
            eta = dot.pop("eta")
            assert dot == {
                "job_id": str(job),
                "seq": raw["recorded_at"],
                "lat": round(raw["lat"], 7),
                "lng": -2.99,
                "accuracy": 8.0,
                "heading": 90.0,
                "speed": 5.0,
                "recorded_at": at(0).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "next_in_s": 5,
            }
            assert eta["source"] == "estimate"
            assert 0 < eta["low"] < eta["seconds"] < eta["high"]
            (place,) = [payload for _, payload in heard.of("fleet")]
            assert (place["pro_id"], place["name"], place["job_id"]) == ("pat", "Pat Mason", str(job))
        assert await rows(
            database, "seq, accuracy_m, speed_cm_s, heading_cdeg, battery_pct, verdict, device"
        ) == [(41, 8, 500, 9000, 80, 0, "phone")]

    with_company(database_url, work)


def test_the_dot_is_shown_before_the_commit_and_the_ack_comes_after_it(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            acks: asyncio.Queue[dict[str, object]] = asyncio.Queue()
            async with database.transaction() as conn:  # the commit has to wait for this one
                await conn.execute("LOCK TABLE last_positions")
                receiver.receive_one("pat", fix(5, 1), acks.put_nowait, at(1))
                assert len(heard.dots(job)) == 2
                await asyncio.sleep(0.3)
                assert acks.empty()
                assert await rows(database) == [0]
            assert (await acks.get())["ok"] is True
            assert await rows(database) == [0, 0]

    with_company(database_url, work)


def test_without_a_job_id_it_belongs_to_all_active_jobs_and_with_one_to_that(database_url: str) -> None:
    async def work(database: Database) -> None:
        active = [await add_job(database, status) for status in ("accepted", "en_route", "scheduled")]
        await add_job(database, "completed")
        await add_job(database, "en_route", pro="quinn")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            assert {whom for whom, _ in heard.of("position")} == set(active)
            assert len(await rows(database)) == 3
            ack = await receiver.receive("pat", [fix(5, 2, jobId=str(active[0]).upper())], at(2))
            assert ack["accepted"] == 1
            assert [len(heard.dots(job)) for job in active] == [2, 1, 1]
            assert len(await rows(database)) == 4

    with_company(database_url, work)


def test_a_pro_on_the_way_to_one_job_is_not_at_another(database_url: str) -> None:
    async def work(database: Database) -> None:
        on_the_way, *at_work = [
            await add_job(database, status) for status in ("en_route", "arrived", "in_progress")
        ]
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            assert {whom for whom, _ in heard.of("position")} == {on_the_way}
            ack = await receiver.receive("pat", [fix(5, 2, jobId=str(at_work[1]))], at(2))
            assert ack["accepted"] == 1  # a job that is named is meant

    with_company(database_url, work)


async def some_job(database: Database, whose: str) -> str:
    match whose:
        case "another_pros":
            return str(await add_job(database, "en_route", pro="quinn"))
        case "completed" | "open":
            return str(await add_job(database, whose))
        case "unknown":
            return str(uuid4())
        case _:
            return "x' OR 1=1"


@pytest.mark.parametrize("whose", ["another_pros", "completed", "open", "unknown", "nonsense"])
def test_a_job_that_is_not_ones_own_active_one_is_refused(database_url: str, whose: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        job = await some_job(database, whose)
        async with receiving(database) as (receiver, heard):
            with pytest.raises(NotYourJob) as refused:
                await receiver.receive("pat", [fix(0, 0, job_id=job)], at(0))
            assert refused.value.status == 403
            assert refused.value.facts == {"rejected": [{"index": 0, "reason": "not_your_job"}]}
            ack = await reply_of(receiver, "pat", fix(0, 0, job_id=job), at(0))
            assert (ack["ok"], ack["error"]["code"], ack["error"]["retry"]) == (False, "not_your_job", False)
            assert await rows(database) == []
            assert heard.of("position") == []

    with_company(database_url, work)


def test_after_the_job_is_completed_its_positions_are_refused(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "in_progress")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0, job_id=str(job))], at(0))
            await set_status(database, job, "completed")
            receiver.refresh_jobs("pat")
            with pytest.raises(NotYourJob):
                await receiver.receive("pat", [fix(5, 2, job_id=str(job))], at(2))
            assert (await receiver.receive("pat", [fix(5, 3)], at(3)))["accepted"] == 1
            assert len(heard.dots(job)) == 1
            assert await rows(database, "job_id") == [job, None]

    with_company(database_url, work)


def test_a_pro_between_jobs_is_kept_and_seen_by_dispatch_only(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, heard):
            ack = await receiver.receive("quinn", [fix(0, 0)], at(0))
            assert (ack["accepted"], ack["policy"]["interval_s"]) == (1, 60)
            assert [kind for kind, _, _ in heard.all] == ["fleet"]
            assert heard.of("fleet")[0][1]["job_id"] is None
            assert await rows(database, "pro_id, job_id") == [("quinn", None)]

    with_company(database_url, work)


def test_a_person_nobody_knows_is_refused(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, heard):
            with pytest.raises(Forbidden):
                await receiver.receive("stranger", [fix(0, 0)], at(0))
            assert heard.all == []

    with_company(database_url, work)


def test_the_same_seq_twice_is_kept_once_and_shown_once(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            for accepted in (1, 0):
                ack = await receiver.receive("pat", [fix(0, 0, seq=7)], at(0))
                assert (ack["accepted"], ack["duplicates"]) == (accepted, 1 - accepted)
            assert await rows(database) == [Verdict.GOOD]
            assert len(heard.dots(job)) == 1

    with_company(database_url, work)


def test_an_ack_that_was_lost_and_resent_to_another_node_changes_nothing(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        batch = [fix(i * 10, i) for i in range(5)]
        async with receiving(database) as (one, _), receiving(database) as (other, heard):
            assert (await one.receive("pat", batch, at(5)))["accepted"] == 5
            ack = await other.receive("pat", batch, at(6))
            assert (ack["accepted"], ack["duplicates"]) == (0, 5)
            assert [kind for kind, _, _ in heard.all if kind != "policy"] == []
            assert await rows(database) == [Verdict.GOOD] * 5
            await other.receive("pat", [fix(60, 8)], at(8))
            assert len(heard.dots(job)) == 1

    with_company(database_url, work)


def test_points_out_of_order_fill_the_trail_and_never_move_the_dot_back(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            for metres, second in ((0, 0), (100, 10), (50, 5), (110, 11)):
                await receiver.receive("pat", [fix(metres, second)], at(12))
            assert [dot["seq"] for dot in heard.dots(job)] == [fix(0, s)["recorded_at"] for s in (0, 10, 11)]
            assert heard.of("trail_changed") == [(job, None)]
            async with database.connection() as conn:
                trail = await trail_of(conn, job)
                last = await last_position(conn, "pat")
            assert [point.verdict for point in trail] == [0, Verdict.STALE, 0, 0]
            assert last is not None
            assert last.recorded_at == at(11)

    with_company(database_url, work)


def test_an_offline_period_arrives_as_one_batch(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            await receiver.receive("pat", [fix(2000, 200)], at(200))
            offline = [fix(10 * s, s) for s in range(5, 200, 5)]
            ack = await receiver.receive("pat", offline[::-1], at(205))
            assert ack["accepted"] == len(offline)
            assert len(heard.dots(job)) == 2
            assert heard.of("trail_changed") == [(job, None)]
            again = await receiver.receive("pat", offline, at(206))
            assert (again["accepted"], again["duplicates"]) == (0, len(offline))
            assert len(heard.of("trail_changed")) == 1
            newer = [fix(2000 + 10 * s, 200 + s) for s in range(1, 30)]
            await receiver.receive("pat", newer, at(230))
            assert len(heard.dots(job)) == 3
            assert heard.dots(job)[-1]["seq"] == newer[-1]["recorded_at"]
            assert len(heard.of("trail_changed")) == 2
            async with database.connection() as conn:
                trail = await trail_of(conn, job)
            assert [point.recorded_at for point in trail] == sorted(point.recorded_at for point in trail)
            assert len(trail) == 2 + len(offline) + len(newer)

    with_company(database_url, work)


def test_a_batch_of_500_with_3_bad_ones_keeps_497(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        batch = [fix(i, i / 10) for i in range(500)]
        batch[3] = {**batch[3], "lat": math.nan}
        batch[77] = {**batch[77], "job_id": str(uuid4())}
        batch[499] = {**batch[499], "speed": "fast"}
        async with receiving(database) as (receiver, _):
            ack = await receiver.receive("pat", batch, at(60))
            assert ack["accepted"] == 497
            assert ack["rejected"] == [
                {"index": 3, "reason": "bad_lat"},
                {"index": 77, "reason": "not_your_job"},
                {"index": 499, "reason": "bad_speed"},
            ]
            assert len(await rows(database)) == 497

    with_company(database_url, work)


@pytest.mark.parametrize(
    ("point", "verdict"),
    [
        (fix(1, 3600), Verdict.FUTURE),
        (fix(1, -86_400), Verdict.TOO_OLD),
        (fix(10_000, 4), Verdict.IMPOSSIBLE_SPEED),
        (fix(1, 4, accuracy=5000), Verdict.INACCURATE),
        (fix(1, 4, mock=True), Verdict.MOCK),
        (fix(0, 4, lat=0, lng=0), Verdict.ZERO_ISLAND),
        (fix(0, 4, lat=-2.99, lng=53.4), Verdict.IMPOSSIBLE_SPEED),
        (fix(0, 4, lat=90, lng=0), Verdict.IMPOSSIBLE_SPEED),
        (fix(0, 4, lat=53.4, lng=-180), Verdict.IMPOSSIBLE_SPEED),
        (fix(0, 0, seq=9), Verdict.DUPLICATE),
    ],
)
def test_a_point_that_cannot_be_believed_is_kept_with_its_verdict_and_moves_nothing(
    database_url: str, point: dict[str, object], verdict: Verdict
) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            before = len(heard.all)
            assert (await receiver.receive("pat", [point], at(5)))["accepted"] == 1
            assert heard.all[before:] == []
            assert sorted(await rows(database)) == [Verdict.GOOD, verdict]
            async with database.connection() as conn:
                assert len(await trail_of(conn, job)) == 1
                last = await last_position(conn, "pat")
            assert last is not None
            assert last.recorded_at == at(0)

    with_company(database_url, work)


@pytest.mark.parametrize(
    "raw", [None, [], "x", {}, {"lat": 1}, fix(0, 0, lat=1e999), fix(0, 0, lat="53.4"), fix(0, 0, x=1)]
)
def test_what_is_no_heartbeat_is_a_typed_refusal_on_both_ways_in(database_url: str, raw: object) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, heard):
            with pytest.raises(HeartbeatRefused) as refused:
                await receiver.receive("pat", [raw], at(0))
            assert refused.value.status == 422
            (rejected,) = refused.value.facts["rejected"]
            assert rejected["index"] == 0
            assert Reason(rejected["reason"]) is not Reason.NOT_YOUR_JOB
            ack = await reply_of(receiver, "pat", raw, at(0))
            assert (ack["ok"], ack["error"]["code"]) == (False, "heartbeat_refused")
            assert heard.all == []

    with_company(database_url, work)


@pytest.mark.parametrize("number", [0, 501])
def test_a_message_has_1_to_500_items(database_url: str, number: int) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, _):
            with pytest.raises(Invalid):
                await receiver.receive("pat", [fix(0, 0)] * number, at(0))

    with_company(database_url, work)


def test_one_pro_may_send_a_hundred_a_second_and_then_is_told_to_slow_down(database_url: str) -> None:
    async def work(database: Database) -> None:
        await add_job(database, "en_route")
        async with receiving(database) as (receiver, _):
            acks = await asyncio.gather(
                *(reply_of(receiver, "pat", fix(i, i / 10), at(30)) for i in range(250))
            )
            kept = sum(ack["ok"] for ack in acks)
            assert 100 <= kept <= 200
            refused = [ack["error"] for ack in acks if not ack["ok"]]
            assert {error["code"] for error in refused} == {"busy"}
            assert all(error["retry"] for error in refused)
            assert len(await rows(database)) == kept
            with pytest.raises(Busy):
                await receiver.receive("pat", [fix(0, 0)] * 500, at(31))
            assert (await receiver.receive("quinn", [fix(0, 0)], at(31)))["ok"]  # others are not slowed
            await asyncio.sleep(0.1)
            assert (await receiver.receive("pat", [fix(300, 31)], at(31)))["ok"]

    with_company(database_url, work)


def test_a_new_pro_is_looked_up_once_and_messages_wait_in_order(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        lookups = []

        async def counted(conn, pro_ids):  # type: ignore[no-untyped-def]
            lookups.append(list(pro_ids))
            return await active_jobs_of(conn, pro_ids)

        monkeypatch.setattr(live_pros, "active_jobs_of", counted)
        async with receiving(database) as (receiver, heard):
            acks = await asyncio.gather(
                *(reply_of(receiver, "pat", fix(10 * i, i, session=f"s{i % 2}"), at(30)) for i in range(20)),
                reply_of(receiver, "quinn", fix(0, 0), at(30)),
            )
            assert all(ack["ok"] for ack in acks)
            assert lookups == [["pat", "quinn"]] or lookups == [["pat"], ["quinn"]]
            seqs = [dot["seq"] for dot in heard.dots(job)]
            assert seqs == sorted(seqs)
            assert len(seqs) == 20
            assert len(await rows(database)) == 21

    with_company(database_url, work)


def test_two_phones_of_one_pro_are_two_sessions_of_one_trail(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            for i in range(6):
                await receiver.receive("pat", [fix(i * 5, i, seq=i // 2, session="ab"[i % 2])], at(i))
            assert len(heard.dots(job)) == 6
            assert await rows(database, "device, seq") == [(d, n) for n in range(3) for d in "ab"]
            async with database.connection() as conn:
                assert len(await trail_of(conn, job)) == 6

    with_company(database_url, work)


def test_a_lost_word_about_new_jobs_costs_seconds_not_hours(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_pros, "TRUST_S", 0.3)

    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            job = await add_job(database, "en_route")
            await asyncio.sleep(0.35)
            await receiver.receive("pat", [fix(1, 1)], at(1))
            assert len(heard.dots(job)) == 1

    with_company(database_url, work)


def test_a_job_that_moves_to_another_pro_takes_its_dot_along(database_url: str) -> None:
    async def work(database: Database) -> None:
        job = await add_job(database, "en_route")
        async with receiving(database) as (receiver, heard):
            await receiver.receive("pat", [fix(0, 0)], at(0))
            await receiver.receive("quinn", [fix(500, 0)], at(0))
            async with database.connection() as conn:
                await conn.execute("UPDATE jobs SET pro_id = 'quinn' WHERE id = $1", job)
            receiver.refresh_jobs("pat")
            receiver.refresh_jobs("quinn")
            await receiver.receive("pat", [fix(1, 1)], at(1))
            await receiver.receive("quinn", [fix(501, 1)], at(1))
            assert [round(dot["lat"], 4) for dot in heard.dots(job)] == [53.4, 53.4045]

    with_company(database_url, work)


def test_what_was_received_is_counted_by_verdict(database_url: str) -> None:
    async def work(database: Database) -> None:
        async with receiving(database) as (receiver, _):
            await receiver.receive("pat", [fix(0, 0), fix(1, 1), fix(2, 2, mock=True), None], at(3))
            await receiver.receive("pat", [fix(0, 0)], at(3))
            assert receiver.take_counts() == {"good": 3, "mock": 1, "rejected": 1, "duplicate_row": 1}
            assert receiver.take_counts() == {}

    with_company(database_url, work)
