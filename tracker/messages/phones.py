"""Telephone numbers, as a network wants them: E.164."""

from __future__ import annotations

import re

from db.errors import Invalid

# ITU-T E.164 (2010): a country code that does not begin with 0, at most 15 digits in all. No country's
# numbers are shorter than 7 digits with its code.
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_DECORATION = str.maketrans("", "", " \u00a0-.()/")


def e164(raw: str) -> str | None:
    """`+1 (555) 010-0100` or `0015550100100` → `+15550100100`; None for what is no international number.

    A number without its country's code is refused: which country is meant would be a guess.
    """
    plain = raw.strip().translate(_DECORATION)
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    return plain if _E164.fullmatch(plain) else None


def need_e164(raw: str, *, field: str = "phone") -> str:
    """The same for what somebody asks us to keep; `field` is where it stood. Raises Invalid."""
    number = e164(raw)
    if number is None:
        raise Invalid("a phone number needs its country's code, like +1 555 010 0100", field=field)
    return number
