"""What people are told as a job lives: who, by which channel, in which words, and never too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from db.pool import Database
from rooms.principal import Principal, Role
from tests.company import DOOR, add_job, with_company
from tests.effects import carry_out_due, settings_of, tools_of
from tests.messaging import rows, run, tools_with
from tracker.effects.task import Tools
from tracker.identity.links import Links, on_the_way_link
from tracker.jobs.assign import reassign_job
from tracker.jobs.lifecycle import Status
from tracker.jobs.transition import Step, move_job
from tracker.stand_ins import StandIns

PAT = Principal("pat", Role.PRO)
CLEO = Principal("cleo", Role.CUSTOMER)
DEE = Principal("dee", Role.DISPATCHER)


def tools(database: Database, **changed: Any) -> Tools:
    return tools_of(database, settings=settings_of(database, quiet_hours="off", **changed))


async def step(database: Database, job_id: UUID, to: Status, who: Principal = PAT, **how: Any) -> None:
    now = datetime.now(UTC)
    await move_job(database, who, job_id, Step(to, **how), now=now, link_grace=timedelta(hours=24))


async def told(database: Database) -> list[tuple[str, str, str, str]]:
    """(person, kind, channel, state) of every delivery, in order; the bell alone as channel "bell"."""
    return await rows(
        database,
        "SELECT n.person_id, n.kind, coalesce(d.channel, 'bell'), coalesce(d.status, '')"
        " FROM notifications n LEFT JOIN deliveries d ON d.notification_id = n.id ORDER BY n.id, d.id",
    )


async def texts(database: Database) -> list[tuple[str, str]]:
    """(number, text) of everything that the sandbox got as SMS."""
    return await rows(
        database,
        "SELECT body->>'to', body->>'body' FROM sandbox_objects WHERE kind = 'sms' ORDER BY created_at, id",
    )


async def stand_near(database: Database, metres_north: float) -> None:
    """Put pat's last position north of the door, seen just now."""
    await run(
        database,
        "INSERT INTO last_positions (pro_id, session_no, seq, recorded_at, received_at, lat_e7, lng_e7)"
        " VALUES ('pat', 1, 1, now(), now(), $1, $2)",
        round((DOOR[0] + metres_north / 111_200) * 1e7),
        round(DOOR[1] * 1e7),
    )


def test_from_the_claim_to_the_door_everybody_hears_what_concerns_them(database_url: str) -> None:
    async def story(database: Database) -> None:
        with_tools, job_id = tools(database), await add_job(database, "open")
        begin = datetime(2026, 11, 23, 9, tzinfo=UTC)
        await run(
            database,
            "UPDATE jobs SET window_start = $2, window_end = $3 WHERE id = $1",
            job_id,
            begin,
            begin + timedelta(hours=2),
        )
        await step(database, job_id, Status.ACCEPTED, DEE, pro_id="pat")
        await carry_out_due(with_tools)
        await stand_near(database, 4000)
        await step(database, job_id, Status.EN_ROUTE)
        await carry_out_due(with_tools)
        await step(database, job_id, Status.ARRIVED)
        await carry_out_due(with_tools)
        assert sorted(await told(database)) == sorted(
            [
                ("pat", "job_won", "sms", "delivered"),
                ("cleo", "who_comes", "sms", "delivered"),
                ("cleo", "on_the_way", "sms", "delivered"),
                ("cleo", "arrived", "sms", "delivered"),
            ]
        )
        company = "Wrenford Home Services"
        assert sorted(await texts(database)) == sorted(
            [
                (
                    "+15550100",
                    f"{company}: You got the job! Mount a 55-inch TV for Cleo Hart,"
                    " 12 Castle Street, Apt 3, Liverpool, Mon 23 Nov, 09:00-11:00.",
                ),
                (
                    "+15550102",
                    f"{company}: Pat Mason comes for: Mount a 55-inch TV, Mon 23 Nov, 09:00-11:00.",
                ),
                (
                    "+15550102",
                    f"{company}: Pat Mason is on the way, about 15 min. Track here:"
                    " http://127.0.0.1:8080/track/[link]",
                ),
                ("+15550102", f"{company}: Pat Mason has arrived."),
            ]
        )
        ((promised,),) = await rows(database, "SELECT promised_arrival_at FROM jobs")
        assert abs(promised - datetime.now(UTC) - timedelta(minutes=15)) < timedelta(minutes=1)

    with_company(database_url, story)


def test_the_link_in_the_text_opens_the_job_and_is_kept_nowhere(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.twilio.hold_callbacks()

    async def story(database: Database) -> None:
        with_tools, job_id = tools_with(database, stand_ins), await add_job(database, "accepted")
        await step(database, job_id, Status.EN_ROUTE)
        await carry_out_due(with_tools)
        page, _, secret = stand_ins.twilio.sent()[-1]["body"].rpartition("/")
        assert page.endswith(f"Track here: {with_tools.settings.public_url}/track")
        assert len(secret) == 22
        assert (await Links(database).resolve(secret)).job_id == str(job_id)
        assert await places_of(database, secret) == []
        assert "jobs" in await places_of(database, str(job_id))  # it does look everywhere
        await with_tools.providers.aclose()

    with_company(database_url, story)


def test_a_customer_without_a_phone_gets_the_link_by_mail_and_the_sandbox_hides_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        with_tools, job_id = tools(database), await add_job(database, "accepted")
        await run(database, "UPDATE people SET phone = NULL WHERE id = 'cleo'")
        await step(database, job_id, Status.EN_ROUTE)
        await carry_out_due(with_tools)
        assert await told(database) == [("cleo", "on_the_way", "email", "delivered")]
        ((text, html),) = await rows(
            database, "SELECT body->>'text', body->>'html' FROM sandbox_objects WHERE kind = 'email'"
        )
        assert "http://127.0.0.1:8080/track/[link]" in text
        assert 'href="http://127.0.0.1:8080/track/[link]"' in html
        link = on_the_way_link(with_tools.settings.need_secret(), job_id, 4)
        assert (await Links(database).resolve(link)).job_id == str(job_id)
        assert await places_of(database, link) == []

    with_company(database_url, story)


async def places_of(database: Database, secret: str) -> list[str]:
    """The tables of which some row, written out, holds this text."""
    found = []
    for (table,) in await rows(
        database,
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'",
    ):
        held = await rows(
            database, f"SELECT count(*) FROM {table} t WHERE position($1 IN t::text) > 0", secret
        )
        found += [table] if held[0][0] else []
    return found


def test_a_job_that_was_turned_back_is_not_on_the_way_any_more(database_url: str) -> None:
    async def story(database: Database) -> None:
        with_tools, job_id = tools(database), await add_job(database, "accepted")
        await step(database, job_id, Status.EN_ROUTE)
        await step(database, job_id, Status.ACCEPTED)
        await carry_out_due(with_tools)
        assert await told(database) == []
        assert await rows(database, "SELECT count(*) FROM tracking_links") == [(0,)]
        await step(database, job_id, Status.EN_ROUTE)
        await carry_out_due(with_tools)
        assert await told(database) == [("cleo", "on_the_way", "sms", "delivered")]

    with_company(database_url, story)


def test_a_pro_who_turns_back_is_not_told_again_that_the_job_is_theirs(database_url: str) -> None:
    async def story(database: Database) -> None:
        with_tools, job_id = tools(database), await add_job(database, "en_route")
        await step(database, job_id, Status.ACCEPTED)
        await carry_out_due(with_tools)
        assert await told(database) == []

    with_company(database_url, story)


def test_an_appointment_that_changes_hands_is_told_to_the_new_pro_and_the_customer(database_url: str) -> None:
    async def story(database: Database) -> None:
        with_tools, job_id = tools(database), await add_job(database, "scheduled")
        await reassign_job(database, DEE, job_id, "quinn", now=datetime.now(UTC))
        await carry_out_due(with_tools)
        assert sorted(await told(database)) == [
            ("cleo", "who_comes", "sms", "delivered"),
            ("pat", "job_lost", "sms", "delivered"),
            ("quinn", "job_won", "sms", "delivered"),
        ]

    with_company(database_url, story)


def test_a_pro_from_whom_dispatch_takes_a_job_is_told_and_one_who_releases_it_is_not(
    database_url: str,
) -> None:
    async def story(database: Database) -> None:
        with_tools = tools(database)
        taken, given, released = [await add_job(database, "accepted") for _ in range(3)]
        await step(database, taken, Status.OPEN, DEE)
        await reassign_job(database, DEE, given, "quinn", now=datetime.now(UTC))
        await step(database, released, Status.OPEN, PAT)
        await carry_out_due(with_tools)
        lost = await rows(database, "SELECT person_id, job_id FROM notifications WHERE kind = 'job_lost'")
        assert sorted(lost) == sorted([("pat", taken), ("pat", given)])
        assert (
            "+15550100",
            "Wrenford Home Services: Mount a 55-inch TV is not yours any more, so you need not go.",
        ) in await texts(database)

    with_company(database_url, story)


def test_a_pro_who_has_the_job_back_is_not_told_that_they_lost_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        job_id = await add_job(database, "accepted")
        for pro in ("quinn", "pat"):
            await reassign_job(database, DEE, job_id, pro, now=datetime.now(UTC))
        await carry_out_due(tools(database))
        assert [(who, kind) for who, kind, *_ in await told(database) if kind == "job_lost"] == [
            ("quinn", "job_lost")
        ]

    with_company(database_url, story)


def test_a_cancelled_job_is_told_to_both_in_their_own_language(database_url: str) -> None:
    async def story(database: Database) -> None:
        with_tools, job_id = tools(database), await add_job(database, "accepted")
        await run(database, "UPDATE people SET language = 'es' WHERE id = 'cleo'")
        await step(database, job_id, Status.CANCELLED, CLEO)
        await carry_out_due(with_tools)
        assert await told(database) == [
            ("cleo", "cancelled", "sms", "delivered"),
            ("cleo", "cancelled", "email", "delivered"),
            ("pat", "cancelled", "sms", "delivered"),
            ("pat", "cancelled", "email", "delivered"),
        ]
        assert await rows(database, "SELECT title, body FROM notifications ORDER BY id") == [
            ("Trabajo cancelado", "Mount a 55-inch TV no tendrá lugar."),
            ("Job cancelled", "Mount a 55-inch TV does not take place."),
        ]

    with_company(database_url, story)
