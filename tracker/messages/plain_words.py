"""What people called themselves and their things, made harmless for a message of ours. A rule module.

A name is written by whoever bears it. In a text of ours it must not become a link to tap, turn the words
around it (a link at the end) about, or begin a line of its own.
"""

from __future__ import annotations

import re
import unicodedata

# UAX #9 §2: the characters that change the direction of the text after them.
_DIRECTION = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
# A phone makes a link of "word.tld" wherever it finds one; IDNA takes all four for the dot (UTS #46 §2.3).
_DOTTED = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_]{2})")


def harmless(text: str) -> str:
    """`Pay at http://evil.example` → `Pay at http evil. example`: no link, one line, its own direction."""
    plain = text.translate(_DIRECTION).replace("://", " ")
    plain = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in plain)
    return " ".join(_DOTTED.sub(". ", plain).split())
