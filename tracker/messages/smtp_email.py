"""Mail by a mail server (SMTP, RFC 5321), each in a thread: the standard library's client waits.

Until the mail's text has been handed over nothing was sent; after that, silence means that nobody knows.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import time
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from urllib.parse import SplitResult, unquote, urlsplit

from tracker.messages.channels import Mail, NotNow, ProviderName, Refused, Sent, Unsure
from tracker.messages.mail_parts import message_id, one_line
from tracker.settings import Settings
from tracker.settings_readers import LOCAL_HOSTS

DEADLINE_S = 8.0  # for all steps together; shorter than the worker's for an effect
_PORTS = {"smtp": 587, "smtps": 465}


class SmtpEmail:
    """Sends from one address of the company, a connection for each mail."""

    name: ProviderName = "smtp"

    def __init__(self, server: SplitResult, sender: str, sender_name: str) -> None:
        self._server = server
        self._sender = sender
        self._sender_name = sender_name

    @classmethod
    def open(cls, settings: Settings) -> SmtpEmail:
        """By the settings; nothing is called yet."""
        return cls(urlsplit(settings.smtp_url or ""), settings.email_from or "", settings.company_name)

    async def send(self, mail: Mail) -> Sent:
        """Send one. Raises Refused, NotNow, Unsure."""
        return await asyncio.to_thread(self._send, mail)

    async def aclose(self) -> None:
        """Nothing stays open."""

    def _send(self, mail: Mail) -> Sent:
        letter = self.letter(mail)
        deadline = time.monotonic() + DEADLINE_S
        try:
            smtp = self._connected(deadline)
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow(f"the mail server cannot be used ({_named(error)})") from error
        try:
            self._hand_over(smtp, mail.to, letter, deadline)
        finally:
            smtp.close()
        return Sent(letter["Message-ID"])

    def _connected(self, deadline: float) -> smtplib.SMTP:
        """A connection that is encrypted where the server can, and signed in where the URL says so."""
        server, context = self._server, ssl.create_default_context()
        host, port = server.hostname or "", server.port or _PORTS[server.scheme]
        # Without a name to say hello by, the library asks the name service who we are, however long it takes.
        me = self._sender.rpartition("@")[2]
        smtp: smtplib.SMTP
        if server.scheme == "smtps":
            smtp = smtplib.SMTP_SSL(host, port, me, timeout=DEADLINE_S, context=context)
        else:
            smtp = smtplib.SMTP(host, port, me, timeout=DEADLINE_S)
        try:
            _hurry(smtp, deadline)
            smtp.ehlo()
            if server.scheme == "smtp" and smtp.has_extn("starttls"):
                smtp.starttls(context=context)
                smtp.ehlo()
            elif server.scheme == "smtp" and server.username and host not in LOCAL_HOSTS:
                raise smtplib.SMTPNotSupportedError("no encryption is offered for the password")
            if server.username:
                _hurry(smtp, deadline)
                smtp.login(unquote(server.username), unquote(server.password or ""))
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _hand_over(self, smtp: smtplib.SMTP, to: str, letter: EmailMessage, deadline: float) -> None:
        try:
            _hurry(smtp, deadline)
            _check(smtp.mail(self._sender), "the sender")
            _hurry(smtp, deadline)
            _check(smtp.rcpt(to), "the recipient")
            _hurry(smtp, deadline)
            _check(smtp.docmd("DATA"), "the mail", wanted=354)
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow(f"the mail server went away ({_named(error)})") from error
        try:
            _hurry(smtp, deadline)
            smtp.send(_dotted(letter))
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise Unsure(f"the mail server did not say whether it took it ({_named(error)})") from error
        _check(answer, "the mail")

    def letter(self, mail: Mail) -> EmailMessage:
        """The mail as it travels: text, HTML, and the pictures that the HTML shows."""
        letter = EmailMessage()
        letter["From"] = formataddr((one_line(self._sender_name), self._sender))
        letter["To"] = mail.to
        letter["Subject"] = one_line(mail.subject)
        letter["Date"] = formatdate(localtime=False)
        letter["Message-ID"] = message_id(mail, self._sender)
        letter.set_content(mail.text)
        letter.add_alternative(mail.html, subtype="html")
        html = letter.get_payload()[1]  # type: ignore[index]
        for picture in mail.pictures:
            kind, _, subtype = picture.media_type.partition("/")
            html.add_related(  # type: ignore[union-attr]
                picture.data,
                maintype=kind,
                subtype=subtype,
                cid=f"<{picture.name}>",
                filename=picture.name,
                disposition="inline",
            )
        return letter


def _hurry(smtp: smtplib.SMTP, deadline: float) -> None:
    """Let the next step take no longer than what is left. Raises TimeoutError."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError("the mail server is too slow")
    if smtp.sock is not None:
        smtp.sock.settimeout(left_s)


def _check(answer: tuple[int, bytes], what: str, wanted: int = 250) -> None:
    """Raises Refused for a lasting refusal (5xx), NotNow for one that may pass (4xx); RFC 5321 §4.2.1."""
    code, words = answer
    if code == wanted or (wanted == 250 and code == 251):
        return
    said = f"the mail server refuses {what}: {code} {words.decode('utf-8', 'replace')[:200]}"
    raise Refused(said) if code >= 500 else NotNow(said)


def _dotted(letter: EmailMessage) -> bytes:
    """The bytes after DATA: CRLF line ends, leading dots doubled, a lone dot at the end (RFC 5321 §4.5.2)."""
    data = letter.as_bytes(policy=letter.policy.clone(linesep="\r\n"))
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    return (
        b"\r\n".join(b"." + line if line.startswith(b".") else line for line in data.split(b"\r\n"))
        + b".\r\n"
    )


def _named(error: Exception) -> str:
    return type(error).__name__
