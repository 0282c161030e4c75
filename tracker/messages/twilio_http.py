"""Twilio's SDK over httpx, as the rest of the house; at another address where there is a stand-in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

TWILIO = "https://api.twilio.com"
TIMEOUT_S = 8.0  # shorter than the worker's for an effect, so that we learn it ourselves


class HttpxTwilioClient(AsyncHttpClient):  # type: ignore[misc]
    """What the SDK calls. It raises httpx's errors; answers of any status are handed back."""

    def __init__(self, api_url: str | None) -> None:
        super().__init__(logging.getLogger("tracker.twilio"), True, TIMEOUT_S)
        self._instead = urlsplit(api_url or TWILIO)
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request. Nothing of it is logged: it holds a phone number."""
        values: Any = {"params": params, "data": data, "headers": headers}
        answer = await self._client.request(
            method,
            self._address(url),
            auth=auth,
            timeout=timeout or TIMEOUT_S,
            follow_redirects=allow_redirects,
            **{name: value for name, value in values.items() if value},
        )
        return Response(answer.status_code, answer.text, answer.headers)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _address(self, url: str) -> str:
        """The SDK writes Twilio's own address; `TWILIO_API_URL` takes its place."""
        parts = urlsplit(url)
        path = self._instead.path.rstrip("/") + parts.path
        return urlunsplit((self._instead.scheme, self._instead.netloc, path, parts.query, ""))
