"""A mail server that keeps what it gets and refuses on demand (RFC 5321); it delivers nothing."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum

from tracker.stand_ins.faults import Fault, Faults, Kind

MAX_MAIL_BYTES = 40 * 1024 * 1024
HELLO = ["stand-in", "8BITMIME", "SMTPUTF8", "AUTH PLAIN", f"SIZE {MAX_MAIL_BYTES}"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that was taken over, and its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class SmtpServer:
    """The server and its controls. `url` is for SMTP_URL; `letters` is what was taken, in order.

    Faults match the verb and its argument, like `RCPT *@example.com`; `CONNECT` is the greeting, `TAKE` the
    moment after the mail's last line. ERROR kinds answer with `status` (like 451 or 550).
    """

    def __init__(self) -> None:
        self.url = ""
        self.faults = Faults()
        self.letters: list[Letter] = []
        self._lock = threading.Lock()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """asyncio: a client came."""
        try:
            await _Session(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    def take(self, letter: Letter) -> None:
        """Keep a mail."""
        with self._lock:
            self.letters.append(letter)


class _End(Enum):
    """How a step ended."""

    WELL = "well"
    REFUSED = "refused"  # the client may go on
    OVER = "over"  # the line is closed


class _Session:
    """One client's conversation."""

    def __init__(
        self, server: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        """Until the client leaves, or is left."""
        if await self._step("CONNECT", "220 stand-in ESMTP") is not _End.WELL:
            return
        while line := (await self._reader.readline()).decode("utf-8", "replace").strip():
            verb, _, argument = line.partition(" ")
            if await self._answer(verb.upper(), argument) is _End.OVER:
                return

    async def _answer(self, verb: str, argument: str) -> _End:
        """Answer one command."""
        match verb:
            case "EHLO" | "HELO":
                lines = [f"250-{one}" for one in HELLO[:-1]] + [f"250 {HELLO[-1]}"]
                return await self._step(verb, "\r\n".join(lines))
            case "AUTH":
                return await self._step(verb, "235 come in")
            case "MAIL":
                sender = _address(argument)
                end = await self._step(f"MAIL {sender}", "250 ok")
                self._sender, self._recipients = sender if end is _End.WELL else None, []
                return end
            case "RCPT" if self._sender is not None:
                recipient = _address(argument)
                end = await self._step(f"RCPT {recipient}", "250 ok")
                self._recipients += [recipient] if end is _End.WELL else []
                return end
            case "DATA" if self._recipients:
                end = await self._step("DATA", "354 go on")
                return await self._take() if end is _End.WELL else end
            case "RSET" | "NOOP":
                return await self._step(verb, "250 ok")
            case "QUIT":
                await self._step(verb, "221 bye")
                return _End.OVER
            case "RCPT" | "DATA":
                return await self._step(verb, "503 not now")
            case _:
                return await self._step(verb, "502 unknown")

    async def _take(self) -> _End:
        raw = await self._reader.readuntil(b"\r\n.\r\n")
        text = raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.").removeprefix(b".")
        message = email.message_from_bytes(text.replace(b"\r\n", b"\n"), policy=email.policy.default)
        letter = Letter(self._sender or "", tuple(self._recipients), message)
        self._sender, self._recipients = None, []
        return await self._step("TAKE", "250 taken", letter)

    async def _step(self, line: str, words: str, letter: Letter | None = None) -> _End:
        """Do the work of one command and say `words`, unless a fault is met."""
        fault = self._server.faults.meet(line)
        if letter is not None and _is_done(fault):
            self._server.take(letter)
        if fault is None:
            return await self._say(words, _End.WELL)
        if fault.kind in (Kind.SLOW_BEFORE, Kind.SLOW_AFTER):
            await asyncio.sleep(fault.delay_s)
            return await self._say(words, _End.WELL)
        if fault.kind in (Kind.ERROR_BEFORE, Kind.ERROR_AFTER):
            return await self._say(f"{fault.status} injected", _End.REFUSED)
        if fault.kind is not Kind.CUT:
            await self._be_silent(fault)
        return _End.OVER

    async def _say(self, words: str, end: _End) -> _End:
        self._writer.write(f"{words}\r\n".encode())
        await self._writer.drain()
        return end

    async def _be_silent(self, fault: Fault) -> None:
        """Until the client gives up, or the delay is over."""
        try:
            await asyncio.wait_for(self._reader.read(), fault.delay_s or None)
        except TimeoutError:
            return


def _is_done(fault: Fault | None) -> bool:
    return fault is None or fault.kind not in (Kind.SILENT_BEFORE, Kind.ERROR_BEFORE)


def _address(argument: str) -> str:
    """`FROM:<pat@example.com> SIZE=12` as `pat@example.com`."""
    return argument.partition(":")[2].strip().partition(" ")[0].strip("<>")
