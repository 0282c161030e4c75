"""A small client of our own HTTP interface: what the simulated pros and the replay call."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

import httpx

from db.errors import Problem, Unavailable

T = TypeVar("T")


class HttpRefused(Problem):
    """The server refused the request. `reason` is the `code` of its answer, `status` that of HTTP."""

    code = "http_refused"

    def __init__(self, status_code: int, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason, status_code=status_code)
        self.status_code = status_code
        self.reason = reason


class HttpUnavailable(Unavailable):
    """The server cannot be reached, or says that a later attempt may succeed."""

    code = "http_unavailable"


class HttpClient:
    """Calls with a bearer token. Close it with `await aclose()`."""

    def __init__(self, base_url: str, token: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=10.0,
            trust_env=False,
        )

    async def get(self, path: str, params: Mapping[str, str | float] | None = None) -> dict[str, Any]:
        """GET a JSON object. Raises HttpRefused, HttpUnavailable."""
        return await self._ask("GET", path, params=dict(params or {}))

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST a JSON object and get one. Raises HttpRefused, HttpUnavailable."""
        return await self._ask("POST", path, json=body) if body is not None else await self._ask("POST", path)

    async def upload(
        self, path: str, params: Mapping[str, str], content: bytes, media_type: str
    ) -> dict[str, Any]:
        """POST bytes and get a JSON object. Raises HttpRefused, HttpUnavailable."""
        headers = {"Content-Type": media_type}
        return await self._ask("POST", path, params=dict(params), content=content, headers=headers)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            answer = await self._client.request(method, path, **content)
            told = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise HttpUnavailable(f"{method} {path}: {error or type(error).__name__}") from error
        if answer.is_success and isinstance(told, dict):
            return told
        facts = told if isinstance(told, dict) else {}
        detail = str(facts.get("detail") or facts.get("title") or f"status {answer.status_code}")
        if answer.status_code >= 500 or answer.status_code == 429:
            raise HttpUnavailable(detail)
        raise HttpRefused(answer.status_code, str(facts.get("code", "")), detail)


def retry_delays_s(longest_s: float = 5.0) -> Iterator[float]:
    """0.2 s, doubling up to `longest_s`, each cut by chance so that many clients do not come back at once."""
    delay_s = 0.2
    while True:
        yield delay_s * random.uniform(0.5, 1.0)
        delay_s = min(delay_s * 2, longest_s)


async def patiently(call: Callable[[], Awaitable[T]], patience_s: float) -> T:
    """Call until it succeeds or is refused, for up to `patience_s`. Raises what the last call raised."""
    until = time.monotonic() + patience_s
    for delay_s in retry_delays_s():
        try:
            return await call()
        except Unavailable:
            if time.monotonic() + delay_s > until:
                raise
        await asyncio.sleep(delay_s)
    raise AssertionError("unreachable")
