"""What Twilio sent us: the signature, then the few fields that we keep.

Twilio signs the address that it called together with the form's fields (HMAC-SHA1 with the account's token;
twilio.com/docs/usage/security). The computing is the SDK's, the comparing takes the same time for any guess.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlparse

from twilio.request_validator import RequestValidator, add_port, remove_port

from db.errors import Forbidden

MAX_FIELDS = 100  # Twilio sends about twenty


class BadSignature(Forbidden):
    """This is not signed by Twilio with our account's token."""

    code = "bad_signature"


class Form:
    """A form's fields. A name may come several times, and every value of it is signed."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def getlist(self, name: str) -> list[str]:
        """Every value of a name, as the SDK asks for them."""
        return self._values[name]

    def get(self, name: str) -> str:
        """The first value of a name, or nothing."""
        return self._values.get(name, [""])[0]


def verified_form(body: bytes, signatures: Sequence[str], url: str, token: str) -> Form:
    """The form in a body that Twilio signed for `url`, the address as Twilio knows it. Raises BadSignature.

    What is no form cannot have been signed, so it is refused alike.
    """
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # also bad UTF-8, and more fields than anybody needs
        raise BadSignature from None
    form = Form(pairs)
    if len(signatures) != 1 or not _is_signed(form, signatures[0], url, token):
        raise BadSignature
    return form


def _is_signed(form: Form, signature: str, url: str, token: str) -> bool:
    """Twilio signs the address with or without the scheme's port: both are right."""
    validator, parts = RequestValidator(token), urlparse(url)
    given = signature.encode("utf-8", "replace")
    signed = False
    for write in (remove_port, add_port):
        right = validator.compute_signature(write(parts), form).encode()
        signed |= hmac.compare_digest(right, given)
    return signed
