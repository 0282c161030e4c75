"""Mail by SendGrid or a mail server: at most twice, and tried again only when it helps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from db.pool import Database
from tests.company import with_company
from tests.messaging import REVIEW, one_try, rows, run, state, tell, tools_with
from tests.receipts import finished_job, only_mail, paid, photographed, receipt_due
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
