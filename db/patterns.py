"""Texts of people inside SQL: what looks for them, and what may stand in a statement itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Letters that people write with or without their accents, and find either way.
_WRITTEN = {
    "a": "aáàâäãåā",
    "c": "cçćč",
    "e": "eéèêëēę",
    "i": "iíìîïī",
    "n": "nñń",
    "o": "oóòôöõō",
    "s": "sśš",
    "u": "uúùûüū",
    "y": "yýÿ",
    "z": "zźžż",
}
_WORD = re.compile(r"[A-Za-z][A-Za-z_]*\Z", re.ASCII)


def containing(text: str) -> str:
    """The pattern for LIKE and ILIKE that finds `text` anywhere, whatever signs it holds."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def written_anyhow(text: str) -> str:
    """The pattern for `~*` that finds `text` anywhere, whatever signs it holds, with accents or without."""
    return "".join(_any_way(sign) for sign in unicodedata.normalize("NFC", text))


def _any_way(sign: str) -> str:
    letters = _WRITTEN.get(unicodedata.normalize("NFD", sign)[0].lower())
    if letters is not None:
        return f"[{letters}{letters.upper()}]"
    return f"\\{sign}" if sign.isascii() and not sign.isalnum() else sign


def spelled_out(words: Iterable[str]) -> str:
    """Words of a schema's CHECK as a list for `IN`, so that statistics and partial indexes serve the plan.

    Raises ValueError for anything but letters and underscores.
    """
    checked = [f"'{word}'" for word in words if _WORD.match(word) or _no_word(word)]
    return f"({', '.join(checked) or 'NULL'})"


def _no_word(word: str) -> bool:
    raise ValueError(f"{word!r} is no word of the schema")
