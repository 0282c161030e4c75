"""Which addresses a browser may name as its push service. A rule module.

We make requests to an address that somebody else chose: only the services that the company trusts are
called, so that nobody makes this server call into its own network.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tracker.settings_readers import LOCAL_HOSTS

MAX_CHARS = 1000
# RFC 1123 §2.1: letters, digits and inner hyphens. No push service has a name that needs Punycode, and a
# malformed one breaks the client that is to call it.
_LABEL = re.compile(r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def is_push_endpoint(address: str, hosts: tuple[str, ...]) -> bool:
    """Whether this may be called: https, and a host that `hosts` (PUSH_HOSTS) names.

    `.name` allows every host below it. A port must be named with its host. http only on this machine, and
    only where `hosts` names it: that is a stand-in.
    """
    if len(address) > MAX_CHARS or not address.isascii() or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if "@" in parts.netloc or "\\" in address or parts.fragment or not host:
        return False
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        return False
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOCAL_HOSTS):
        return False
    named = host if port is None or (parts.scheme == "https" and port == 443) else f"{host}:{port}"
    return any(named == one or (one.startswith(".") and named.endswith(one)) for one in hosts)
