"""Receipts: what they say line by line, in text and HTML, and when they are sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from db.pool import Database
from tests.company import with_company
from tests.effects import carry_out_due
from tests.messaging import rows, run, tools_with
from tests.receipts import finished_job, only_mail, paid, photographed, receipt_due, text_of
from tracker.stand_ins import StandIns


def test_a_receipt_says_what_was_done_paid_and_photographed(
    database_url: str, stand_ins: StandIns, tmp_path: Any
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(
            database, stand_ins, TIME_ZONE="America/New_York", EVIDENCE_FOLDER=str(tmp_path / "evidence")
        )
        job_id = await finished_job(database)
        await paid(database, job_id)
        files = await photographed(tools, job_id)
        for _ in range(20):  # however often it is due: one receipt
            assert await receipt_due(tools, job_id) == "done"
        assert await only_mail(tools) == "done"
        (mail,) = stand_ins.sendgrid.mails
        assert mail.to == ("cleo@example.com",)
        assert (mail.sender, mail.sender_name) == ("hello@company.example", "Wrenford Home Services")
        assert mail.subject == "Your receipt from Wrenford Home Services"
        assert mail.text.splitlines() == [
            "Thank you for having us, Cleo Hart.",
            "",
            'Mount a 55" TV <script>alert(1)</script>: $120.00',
            "Tip: $10.00",
            "Total: $130.00",
            "Charged to your card: $130.00",
            "Given back: -$25.00",
            "",
            "Address: 12 Castle Street, Apt 3, Liverpool",
            "Done by: Pat Mason",
            "Started: Sat 21 Nov 2026, 14:00",
            "Finished: Sat 21 Nov 2026, 15:35",
            "Time on site: 95 min",
            "Reference: order-77",
            "",
            "Wrenford Home Services",
        ]
        assert "<script" not in mail.html
        said = text_of(mail.html)
        assert "&lt;script&gt;alert(1)&lt;/script&gt; $120.00 Tip $10.00 Total $130.00" in said
        assert "Charged to your card $130.00 Given back -$25.00" in said
        assert said.index("Before") < said.index("After")
        assert [one.data for one in mail.attachments] == files
        assert [f"cid:{one.content_id}" for one in mail.attachments] == re.findall(
            r'src="([^"]*)"', mail.html
        )
        assert {one.disposition for one in mail.attachments} == {"inline"}
        assert mail.custom_args["delivery"].isdecimal()
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_receipt_waits_for_the_money_but_not_for_ever(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database)
        job_id = await finished_job(database)
        await run(database, "UPDATE jobs SET finished_at = now() WHERE id = $1", job_id)
        await paid(database, job_id, "authorized", 0)
        assert await receipt_due(tools, job_id) == "what is charged is not settled yet"
        a_day_later = datetime.now(UTC) + timedelta(hours=25)
        assert await receipt_due(tools, job_id, a_day_later) == "done"
        assert await only_mail(tools, a_day_later) == "done"
        ((text,),) = await rows(database, "SELECT body->>'text' FROM sandbox_objects WHERE kind = 'email'")
        assert "Total: $130.00\nStill to be charged: $130.00\n" in text

    with_company(database_url, story)


def test_a_receipt_of_the_sandbox_says_so_and_speaks_the_customers_language(database_url: str) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database)
        job_id = await finished_job(database)
        await paid(database, job_id)
        await run(database, "UPDATE payments SET provider = 'sandbox', refunded_cents = 0")
        await run(database, "UPDATE people SET language = 'es' WHERE id = 'cleo'")
        await receipt_due(tools, job_id)
        await carry_out_due(tools)
        ((subject, text, html),) = await rows(
            database,
            "SELECT body->>'subject', body->>'text', body->>'html' FROM sandbox_objects WHERE kind = 'email'",
        )
        assert subject == "Su recibo de Wrenford Home Services"
        assert "Esto es un entorno de pruebas: no se movió dinero." in text
        assert "Esto es un entorno de pruebas: no se movió dinero." in html
        assert '<html lang="es">' in html
        assert "Propina: $10.00\nTotal: $130.00\nCargado a su tarjeta: $130.00\n" in text

    with_company(database_url, story)
