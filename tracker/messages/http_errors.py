"""What a failed HTTP call says about whether the request was carried out."""

from __future__ import annotations

import httpx


def certainly_not_sent(error: Exception) -> bool:
    """Whether the request never left: no connection was made, so the other side knows nothing of it."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError)


def retry_after_s(answer: httpx.Response) -> float | None:
    """`Retry-After` in seconds, between a second and ten minutes; None when it is missing or a date."""
    text = answer.headers.get("retry-after", "")
    return (
        min(600.0, max(1.0, float(text))) if text.isascii() and text.isdecimal() and len(text) < 10 else None
    )
