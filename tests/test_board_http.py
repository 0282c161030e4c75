"""The board over HTTP: cards and pages as a screen reads them, CSV files as a program does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from api import board
from api.board_query import BoardQuery
from db.errors import Invalid
from db.pool import Database
from tests import rows
from tests.company import with_company, with_database
from tests.errands import move
from tests.running import Process, token
from tests.unharmed import DEE, abused, call, job_in
from tracker.local_postgres import PostgresServer
from tracker.settings import Settings

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tTab", "\r=2", "\n=3"]


@pytest.fixture(scope="module")
def web(postgres: PostgresServer, template_database: str) -> Iterator[Process]:
    with abused(postgres, template_database) as web:
        yield web


@pytest.fixture
def home(web: Process) -> str:
    """A new customer, so that no test sees another's jobs."""
    person = f"customer-{uuid4()}"
    assert (
        call(web, DEE, "PUT", f"/api/dispatch/people/{person}", {"role": "customer", "name": "Zoë Lind"})[0]
        == 200
    )
    return person


def ask(web: Process, query: str = "", path: str = "/api/dispatch/board") -> dict[str, Any]:
    """An answer of the board."""
    with web.http(token(*DEE)) as http:
        answer = http.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def sheet(web: Process, query: str, path: str = "/api/dispatch/board") -> list[dict[str, str]]:
    """A CSV file's rows, as a program reads it."""
    with web.http(token(*DEE)) as http:
        answer = http.get(f"{path}?format=csv&{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.endswith('.csv"')
    text = answer.content.decode("utf-8-sig")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def write(web: Process, home: str, **facts: Any) -> str:
    """A job of a customer's, written straight into the database; its id."""

    async def add(database: Database) -> str:
        async with database.connection() as conn:
            return str(await rows.job(conn, customer_id=home, **facts))

    return with_database(web.env["DATABASE_URL"], add)


def test_a_card_holds_what_the_board_shows(web: Process, home: str) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=4)
    job_id = write(
        web,
        home,
        status="accepted",
        created=start,
        window_start=start,
        window_end=start + timedelta(hours=2),
        promised_arrival_at=start,
        version=7,
        order_required=True,
        order_stage="ORDERED",
        metadata='{"equipment_lane": "HYBRID"}',
    )
    at = start.isoformat().replace("+00:00", ".000Z")
    assert ask(web, f"customer_id={home}") == {
        "cards": [
            {
                "id": job_id,
                "version": 7,
                "status": "accepted",
                "service": "Mount a TV",
                "reference": None,
                "customer_name": "Zoë Lind",
                "address": "1 Some Street",
                "lat": 53.4,
                "lng": -2.99,
                "window_start": at,
                "window_end": (start + timedelta(hours=2)).isoformat().replace("+00:00", ".000Z"),
                "pro": {"id": "pat", "name": "Pat Mason"},
                "flags": None,
                "lane": "HYBRID",
                "order_stage": "ORDERED",
                "order_required": True,
                "money": {"state": "none", "cents": 10_000},
                "created_at": at,
                "promised_arrival_at": at,
                "late": True,
            }
        ],
        "next": None,
        "time_zone": "UTC",
        "currency": "usd",
    }


def test_a_board_is_read_page_by_page_and_job_by_job(web: Process, home: str) -> None:
    statuses = ("open", "open", "accepted", "en_route", "cancelled")
    made = [job_in(web, status, customer=home) for status in statuses]
    wanted = f"customer_id={home}&status=open,assigned&limit=2"
    first = ask(web, wanted)
    second = ask(web, f"{wanted}&cursor={first['next']}")
    assert second["next"] is None
    assert {card["id"] for card in first["cards"] + second["cards"]} == set(made[:3])
    asked = ask(web, f"ids={','.join(made)}&status=en_route,paid")
    assert [card["id"] for card in asked["cards"]] == [made[3]]
    move(web, made[2], "en_route")
    (moved,) = ask(web, f"ids={made[2]}")["cards"]
    assert (moved["status"], moved["version"]) == ("en_route", 4)


def test_days_are_the_companys_and_may_be_said_in_words(web: Process, home: str) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = timedelta(days=1)
    ids = [write(web, home, status="open", created=today + n * day) for n in (-1, 0, 1, 2)]

    def on(query: str) -> list[int]:
        return sorted(ids.index(card["id"]) for card in ask(web, f"customer_id={home}&{query}")["cards"])

    assert on("from=today&to=today") == [1]
    assert on("from=tomorrow") == [2, 3]
    assert on("to=today") == [0, 1]
    assert on(f"from={today - day:%Y-%m-%d}&to={today + day:%Y-%m-%d}") == [0, 1, 2]


def test_a_csv_holds_all_that_fits_and_no_cell_is_a_formula(web: Process, home: str) -> None:
    names = ["Zoë “Łukasz” 张, O'Neill", *FORMULAS]
    for number, text in enumerate(names):
        write(web, home, status="open", service=text, address=f"{text} Street", reference=f"{text}{number}")
    other = write(web, home, status="cancelled")
    found = sheet(web, f"customer_id={home}&status=open")
    assert other not in {row["id"] for row in found}
    assert {row["service"] for row in found} == {names[0], *(f"'{text}" for text in FORMULAS)}
    for row in found:
        assert row["address"].startswith(row["service"])
        assert not {cell[:1] for cell in row.values()} & set("=+-@\t\r\n"), row
        assert (row["customer"], row["late"], row["money_cents"]) == ("Zoë Lind", "no", "10000")
    everything = f"customer_id={home}"
    assert [row["id"] for row in sheet(web, everything)] == [
        card["id"] for card in ask(web, everything)["cards"]
    ]


def test_a_csv_of_thousands_is_whole(web: Process, home: str) -> None:
    async def add(database: Database) -> None:
        async with database.connection() as conn:
            await conn.execute(
                """
                INSERT INTO jobs (customer_id, status, skill_no, service, lat, lng, address,
                                  approximate_address, price_cents, created_at)
                SELECT $1, 'open', skill_no, 'Job ' || g, 1, 1, 'a', 'a', 1, now() - g * '1 second'::interval
                FROM skills, generate_series(1, 2500) g WHERE code = 'tv_mounting'
                """,
                home,
            )

    with_database(web.env["DATABASE_URL"], add)
    found = sheet(web, f"customer_id={home}")
    assert [row["service"] for row in found] == [f"Job {number}" for number in range(1, 2501)]


def test_what_no_file_holds_is_refused_before_any_of_it_is_sent(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "MOST_ROWS", 2)

    async def story(database: Database) -> None:
        services = cast(Any, SimpleNamespace(database=database, settings=Settings()))
        request = cast(Any, SimpleNamespace(services=services, query=BoardQuery(format="csv"), now=rows.NOON))
        async with database.connection() as conn:
            for number in range(3):
                if number == 2:
                    assert (await board.read_board.handler(request)).status_code == 200
                await rows.job(conn)
        with pytest.raises(Invalid, match="More than 2 jobs"):
            await board.read_board.handler(request)

    with_company(database_url, story)


def test_the_payouts_come_as_csv_with_names_and_the_same_filter(web: Process) -> None:
    async def owe(database: Database) -> None:
        async with database.connection() as conn:
            for pro, cents in (("pat", 700), ("pat", -300), ("quinn", 500)):
                job_id = await rows.job(conn, service="=cmd|' /C calc'!A0")
                async with conn.transaction():
                    await rows.post(conn, f"k{cents}", "capture", rows.NOON, losses=cents, deposits=-cents)
                await conn.execute(
                    "INSERT INTO payouts (pro_id, job_id, ledger_key, kind, amount_cents)"
                    " VALUES ($1, $2, $3, 'correction', $4)",
                    pro,
                    job_id,
                    f"k{cents}",
                    cents,
                )

    with_database(web.env["DATABASE_URL"], owe)
    found = sheet(web, "pro_id=pat", "/api/dispatch/payouts")
    assert [(row["pro"], row["amount_cents"], row["status"]) for row in found] == [
        ("Pat Mason", "-300", "pending"),
        ("Pat Mason", "700", "pending"),
    ]
    assert {row["service"] for row in found} == {"'=cmd|' /C calc'!A0"}
    assert len(sheet(web, "status=unpaid", "/api/dispatch/payouts")) == 3
