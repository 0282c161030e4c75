"""How a setting is declared: its variable, its reader and its meaning, on the field itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


def setting(
    variable: str,
    reader: Callable[[str], Any],
    meaning: str,
    *,
    default: Any = None,
    shown_default: str | None = None,
    secret: bool = False,
) -> Any:
    """Declare a field: which variable it is read from, by what, and what it is for."""
    return dataclasses.field(
        default=default,
        repr=not secret,
        metadata={
            "variable": variable,
            "reader": reader,
            "meaning": meaning,
            "shown_default": shown_default,
        },
    )
