"""Receipts and other mail: what they say line by line, by SendGrid or a mail server, and at most twice."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from PIL import Image

from db.pool import Database
from tests.company import add_job, with_company
from tests.effects import carry_out_due
from tests.messaging import REVIEW, one_try, rows, run, state, tell, tools_with
from tracker.effects.send_receipt import send_receipt
from tracker.effects.task import Postpone, Task, Tools
from tracker.jobs.consequences import Effect
from tracker.messages import sending
from tracker.messages.channels import Mail, NotNow
from tracker.messages.kinds import Kind
from tracker.messages.notify import Notice
from tracker.messages.smtp_email import SmtpEmail
from tracker.stand_ins import Kind as Fault
from tracker.stand_ins import StandIns

SENT = "POST /v3/mail/send"
ASKED = Notice(Kind.REVIEW_REQUEST, "asked", ("cleo",), REVIEW)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent try is repeated at once."""
    monkeypatch.setattr(sending.Calls, "settle_s", lambda _calls, _delivery: 0.0)


def photo(colour: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (48, 36), colour).save(held, "JPEG")
    return held.getvalue()


async def finished_job(database: Database) -> UUID:
    """A completed job: 120 dollars and 10 of tip, in New York's afternoon, charged and partly given back."""
    job_id = await add_job(database, "completed")
    await run(
        database,
        "UPDATE jobs SET final_price_cents = 12000, tip_cents = 1000, labour_minutes = 95, service = $2,"
        " started_at = $3, finished_at = $4, reference = 'order-77' WHERE id = $1",
        job_id,
        'Mount a 55" TV <script>alert(1)</script>',
        datetime(2026, 11, 21, 19, 0, tzinfo=UTC),
        datetime(2026, 11, 21, 20, 35, tzinfo=UTC),
    )
    return job_id


async def paid(database: Database, job_id: UUID, status: str = "captured", captured: int = 13000) -> None:
    await run(
        database,
        "INSERT INTO payments (job_id, purpose, provider, status, intent_id, currency, amount_cents,"
        " authorized_cents, captured_cents, tip_cents, refunded_cents)"
        " VALUES ($1, 'hold', 'stripe', $2, 'pi_1', 'usd', 13000, 13000, $3, 0, $4)",
        job_id,
        status,
        captured,
        2500 if captured else 0,
    )


async def photographed(tools: Tools, job_id: UUID) -> list[bytes]:
    files = [photo("red"), photo("green"), photo("blue")]
    for number, (kind, data) in enumerate(zip(("before", "after", "after"), files, strict=True)):
        key = f"{number}" * 32
        await tools.providers.store.put(key, data, "image/jpeg")
        await run(
            tools.database,
            "INSERT INTO evidence (job_id, kind, uploaded_by, upload_key, store_key, thumb_key, sha256,"
            " source_sha256, media_type, bytes, width, height)"
            " VALUES ($1, $2, 'pat', $3, $4, $5, sha256('a'), sha256('b'), 'image/jpeg', 10, 48, 36)",
            job_id,
            kind,
            f"upload {number}",
            f"{number}f" * 16,
            key,
        )
    return files


async def receipt_due(tools: Tools, job_id: UUID, now: datetime | None = None) -> str:
    """Run the receipt's effect for the job's completion; "done", or why it waits."""
    ((version,),) = await rows(tools.database, "SELECT version FROM jobs WHERE id = $1", job_id)
    task = Task(Effect.SEND_RECEIPT, job_id, version, None, 1, now or datetime.now(UTC))
    try:
        await send_receipt(tools, task)
    except Postpone as later:
        return str(later)
    return "done"


async def only_mail(tools: Tools, now: datetime | None = None) -> str:
    """Send the one mail that is queued; what its try ended with."""
    ((number,),) = await rows(tools.database, "SELECT id FROM deliveries WHERE channel = 'email'")
    return await one_try(tools, "email", number, now)


def text_of(html: str) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<head>.*</head>", "", html)).split())


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


def test_a_mail_without_an_answer_is_sent_once_more_with_the_same_message_id(
    database_url: str, stand_ins: StandIns
) -> None:
    stand_ins.sendgrid.faults.plan(SENT, Fault.SILENT_AFTER, delay_s=0.05)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = (await tell(tools, ASKED))["email"]
        assert "did not answer" in await one_try(tools, "email", number)
        assert await one_try(tools, "email", number) == "done"
        assert await state(tools, number) == ("sent", None)
        ids = [mail.headers["Message-ID"] for mail in stand_ins.sendgrid.mails]
        assert len(ids) == 2
        assert len(set(ids)) == 1
        assert re.fullmatch(r"<delivery-\d+-[0-9a-f]{16}@company\.example>", ids[0])
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_mail_is_never_tried_a_third_time_blindly(database_url: str, stand_ins: StandIns) -> None:
    stand_ins.sendgrid.faults.plan(SENT, Fault.ERROR_BEFORE, times=0)

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        number = (await tell(tools, ASKED))["email"]
        tries = [await one_try(tools, "email", number) for _ in range(4)]
        assert tries == ["SendGrid answered 500", "SendGrid answered 500", "done", "done"]
        assert (await state(tools, number))[0] == "failed"
        assert len(stand_ins.sendgrid.requests) == 2
        assert await rows(database, "SELECT count(*) FROM notifications WHERE kind = 'alert'") == [(1,)]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_what_sendgrid_says_decides_whether_a_mail_is_tried_again(
    database_url: str, stand_ins: StandIns
) -> None:
    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins)
        for status, again, ends in (
            (429, "SendGrid takes no more just now (429)", "queued"),
            (503, "SendGrid takes no more just now (503)", "queued"),
            (403, "SendGrid refuses our key or sender", "queued"),
            (400, "done", "failed"),
        ):
            stand_ins.sendgrid.faults.plan(SENT, Fault.ERROR_BEFORE, status=status)
            number = (await tell(tools, replace(ASKED, event_key=f"asked {status}")))["email"]
            assert await one_try(tools, "email", number) == again
            assert (await state(tools, number))[0] == ends, status
        assert stand_ins.sendgrid.mails == []
        await tools.providers.aclose()

    with_company(database_url, story)


def by_smtp(stand_ins: StandIns) -> dict[str, str]:
    return {"SENDGRID_API_KEY": "", "SENDGRID_API_URL": "", "SMTP_URL": stand_ins.smtp.url}


def test_a_mail_server_gets_the_same_mail(database_url: str, stand_ins: StandIns, tmp_path: Any) -> None:
    async def story(database: Database) -> None:
        folder = str(tmp_path / "evidence")
        tools = tools_with(database, stand_ins, EVIDENCE_FOLDER=folder, **by_smtp(stand_ins))
        job_id = await finished_job(database)
        await run(
            database, "UPDATE jobs SET service = $1", ".a line that begins with a dot, é\u2028\r\nBcc: x"
        )
        await paid(database, job_id)
        files = await photographed(tools, job_id)
        await receipt_due(tools, job_id)
        assert await only_mail(tools) == "done"
        (letter,) = stand_ins.smtp.letters
        assert (letter.sender, letter.recipients) == ("hello@company.example", ("cleo@example.com",))
        message = letter.message
        assert str(message["From"]) == "Wrenford Home Services <hello@company.example>"
        assert (message["To"], message["Bcc"]) == ("cleo@example.com", None)
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        assert text is not None
        assert html is not None
        assert ".a line that begins with a dot, é" in text.get_content()
        assert "Total: $130.00" in text.get_content()
        assert "$130.00" in html.get_content()
        pictures = [part for part in message.walk() if part.get_content_maintype() == "image"]
        assert [part.get_payload(decode=True) for part in pictures] == files
        shown = re.findall(r'src="cid:([^"]*)"', html.get_content())
        assert [part["Content-ID"] for part in pictures] == [f"<{name}>" for name in shown]
        await tools.providers.aclose()

    with_company(database_url, story)


def test_when_a_mail_server_fails_decides_what_that_means(database_url: str, stand_ins: StandIns) -> None:
    silent = "the mail server did not say whether it took it (SMTPServerDisconnected)"

    async def story(database: Database) -> None:
        tools = tools_with(database, stand_ins, **by_smtp(stand_ins))
        for row, (line, fault, status, again, ends) in enumerate(
            (
                (
                    "CONNECT",
                    Fault.CUT,
                    0,
                    "the mail server cannot be used (SMTPServerDisconnected)",
                    "queued",
                ),
                (
                    "CONNECT",
                    Fault.ERROR_BEFORE,
                    421,
                    "the mail server cannot be used (SMTPConnectError)",
                    "queued",
                ),
                ("MAIL *", Fault.CUT, 0, "the mail server went away (SMTPServerDisconnected)", "queued"),
                (
                    "RCPT *",
                    Fault.ERROR_BEFORE,
                    451,
                    "the mail server refuses the recipient: 451 injected",
                    "queued",
                ),
                ("RCPT *", Fault.ERROR_BEFORE, 550, "done", "failed"),
                ("DATA", Fault.ERROR_BEFORE, 452, "the mail server refuses the mail: 452 injected", "queued"),
                ("TAKE", Fault.ERROR_BEFORE, 554, "done", "failed"),
                ("TAKE", Fault.CUT, 0, silent, "sending"),
            )
        ):
            stand_ins.smtp.faults.plan(line, fault, status=status, delay_s=0.05)
            number = (await tell(tools, replace(ASKED, event_key=f"asked {row}")))["email"]
            assert await one_try(tools, "email", number) == again
            assert (await state(tools, number))[0] == ends, row
            assert await one_try(tools, "email", number) == "done"
            assert (await state(tools, number))[0] == ("failed" if ends == "failed" else "sent"), row
        await tools.providers.aclose()

    with_company(database_url, story)


def test_a_password_is_not_told_to_a_distant_server_without_encryption(stand_ins: StandIns) -> None:
    port = urlsplit(stand_ins.smtp.url).port
    far = SmtpEmail(urlsplit(f"smtp://user:secret@127.0.0.2:{port}"), "hello@company.example", "Us")
    with pytest.raises(NotNow, match="cannot be used"):
        far._send(Mail(1, "cleo@example.com", "s", "t", "h"))
    near = SmtpEmail(urlsplit(f"smtp://user:secret@127.0.0.1:{port}"), "hello@company.example", "Us")
    assert near._send(Mail(1, "cleo@example.com", "s", "t", "h")).provider_id
