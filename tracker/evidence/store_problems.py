"""What can go wrong with a store."""

from __future__ import annotations

from db.errors import NotFound, Unavailable


class StoreUnavailable(Unavailable):
    """The store of photos does not answer just now; nothing was kept. Please retry."""

    code = "store_unavailable"


class NoSuchFile(NotFound):
    """There is no such file."""
