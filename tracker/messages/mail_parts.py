"""What every mail has, whoever carries it: its own Message-ID, one plain address, a subject of one line."""

from __future__ import annotations

import hashlib
import re

from tracker.messages.channels import Mail

# One plain address, as the settings want it too. No white space, no brackets, no second address: nothing
# that could end a header or begin another recipient.
_ADDRESS = re.compile(r"[^@\s<>,;\"()\\\x00-\x20\x7f]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII)


def is_address(text: str) -> bool:
    """Whether mail can be addressed to this."""
    return len(text) <= 254 and text.isprintable() and _ADDRESS.fullmatch(text) is not None


def one_line(text: str) -> str:
    """The same text fit for a header: no line breaks, no control characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def message_id(mail: Mail, sender: str) -> str:
    """The same for every try of one delivery, and another for every other (RFC 5322 §3.6.4)."""
    whose = hashlib.sha256(f"{sender} {mail.to} {mail.subject}".encode()).hexdigest()[:16]
    return f"<delivery-{mail.delivery_id}-{whose}@{sender.rpartition('@')[2]}>"
