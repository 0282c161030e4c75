"""What every mail has, whoever carries it: its own Message-ID, one plain address, a subject of one line."""

from __future__ import annotations

import hashlib
import re

from tracker.messages.channels import Mail

# RFC 5321 §4.1.2: a dot-string of RFC 5322's atext, and a domain of RFC 1123's labels. Nothing in it could
# end a header, begin another recipient or a group, or need a mail server that knows more than ASCII.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_ENCODED = "=?"  # RFC 2047: what begins so in a header is read as something else


def is_address(text: str) -> bool:
    """Whether mail can be addressed to this."""
    return len(text) <= 254 and _ENCODED not in text and _ADDRESS.fullmatch(text) is not None


def one_line(text: str) -> str:
    """The same text fit for a header: no line breaks, no control characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def message_id(mail: Mail, sender: str) -> str:
    """The same for every try of one delivery, and another for every other (RFC 5322 §3.6.4)."""
    whose = hashlib.sha256(f"{sender} {mail.to} {mail.subject}".encode()).hexdigest()[:16]
    return f"<delivery-{mail.delivery_id}-{whose}@{sender.rpartition('@')[2]}>"
