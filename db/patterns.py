"""Texts of people inside SQL: what looks for them, and what may stand in a statement itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[A-Za-z][A-Za-z_]*\Z", re.ASCII)


def containing(text: str) -> str:
    """The pattern for LIKE and ILIKE that finds `text` anywhere, whatever signs it holds."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def spelled_out(words: Iterable[str]) -> str:
    """Words of a schema's CHECK as a list for `IN`, so that statistics and partial indexes serve the plan.

    Raises ValueError for anything but letters and underscores.
    """
    checked = [f"'{word}'" for word in words if _WORD.match(word) or _no_word(word)]
    return f"({', '.join(checked) or 'NULL'})"


def _no_word(word: str) -> bool:
    raise ValueError(f"{word!r} is no word of the schema")
