"""Headers that every answer carries, and the content security policy of the pages.

Sources: OWASP Secure Headers Project; CSP Level 3 (https://www.w3.org/TR/CSP3/); RFC 6797 (HSTS).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import urlsplit

Header = tuple[bytes, bytes]

# An API answer is never a document: nothing may load, frame or run from it.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# One year, the least that browsers' preload lists take. Sub-domains are not ours to promise for.
HSTS = "max-age=31536000"
_STYLES = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


class SecurityHeaders:
    """The headers that an answer gets unless it already set them itself."""

    def __init__(self, *, public_url: str | None) -> None:
        headers = {
            "content-security-policy": API_POLICY,
            "cross-origin-resource-policy": "same-origin",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
        }
        if public_url is not None and urlsplit(public_url).scheme == "https":
            headers["strict-transport-security"] = HSTS
        self._headers: list[Header] = [(name.encode(), value.encode()) for name, value in headers.items()]

    def missing_from(self, present: Iterable[Header]) -> list[Header]:
        """The headers to add to an answer that has `present` (ASGI: names in lower case)."""
        names = {name.lower() for name, _ in present}
        return [header for header in self._headers if header[0] not in names]


def page_policy(*, public_url: str | None, map_tiles_url: str | None) -> str:
    """The content security policy of our pages: own scripts and styles, map tiles, our own sockets.

    `'self'` covers sockets only in browsers that follow CSP 3 (Safari since 15.4), so the socket's
    origin is named too when the public address is known.
    """
    images = ["'self'", "data:", *_tile_origins(map_tiles_url)]
    connections = ["'self'", *_socket_origins(public_url)]
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {' '.join(images)}",
            f"connect-src {' '.join(connections)}",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'self'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


def policy_with_styles(policy: str, page: bytes) -> str:
    """The policy for a page that carries some of its styles in itself: allowed by their very content.

    CSP 3, §6.7.3: the hash of the text between the tags. Nothing that is put in later has that hash.
    """
    hashes = [b64encode(sha256(style).digest()).decode() for style in _STYLES.findall(page)]
    own = " ".join(["style-src 'self'", *(f"'sha256-{each}'" for each in hashes)])
    return policy.replace("style-src 'self'", own)


def _tile_origins(template: str | None) -> list[str]:
    """`https://{s}.tiles.example/{z}/{x}/{y}.png` → `https://*.tiles.example`."""
    if template is None:
        return []
    parts = urlsplit(template)
    if not parts.netloc:
        return []  # a path on this server
    return [f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"]


def _socket_origins(public_url: str | None) -> list[str]:
    if public_url is None:
        return []
    parts = urlsplit(public_url)
    return [f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"]
