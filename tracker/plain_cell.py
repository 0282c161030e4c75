"""A cell of a CSV that a spreadsheet shows and does not compute."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # owasp.org/www-community/attacks/CSV_Injection


def plain_cell(text: str) -> str:
    """The text, with an apostrophe before it where it looks like a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
