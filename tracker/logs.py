"""How processes log: one line with ids, never what people wrote.

An exception's own words may quote a row (PostgreSQL's DETAIL has the values that a constraint refused), so
they are left out of the log; the stack says where it was.
"""

from __future__ import annotations

import logging
import re

_LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
_QUOTES = re.compile(r"^(DETAIL|CONTEXT|HINT|QUERY|STATEMENT):.*$", re.MULTILINE)


class DiscreetFormatter(logging.Formatter):
    """Formats a traceback without the parts in which PostgreSQL quotes data."""

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's own name
        """The traceback, its quoting lines shortened to their label."""
        return _QUOTES.sub(r"\1: (left out)", super().formatException(ei))  # type: ignore[arg-type]


def start_logging(level: str) -> None:
    """Log to standard error from now on; asking twice changes nothing."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter(_LINE))
    logging.basicConfig(level=level, handlers=[handler])
    for name in ("httpx", "httpcore"):  # they log every address: a number to text, a browser to push to
        logging.getLogger(name).setLevel(logging.WARNING)
