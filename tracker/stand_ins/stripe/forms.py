"""Stripe's form-encoded parameters: read into nested values, each name known, each value of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from stripe import RequestOptions

from tracker.stand_ins.stripe.errors import StripeError, bad_param

Reader: TypeAlias = Callable[[str, Any], Any]  # (name, raw) -> value; raises StripeError
MAX_CENTS = 99_999_999
MAX_METADATA = 50  # keys; values have at most 500 characters (docs.stripe.com/api/metadata)


def parse(encoded: str) -> dict[str, Any]:
    """`a[b][0]=x` as {"a": {"b": ["x"]}}. Numbered and empty brackets make lists."""
    form: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        first, *rest = name.replace("]", "").split("[")
        node, key = form, first
        for part in rest:
            node = node.setdefault(key, {}) if not isinstance(node.get(key), str) else {}
            key = part if part else str(len(node))
        node[key] = value
    return {name: _listed(value) for name, value in form.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {name: _listed(one) for name, one in value.items()}
    return list(inside.values()) if all(name.isdecimal() for name in inside) else inside


def text(name: str, raw: Any) -> str:
    """A text that says something."""
    if not isinstance(raw, str):
        raise bad_param(f"Invalid string: {raw}", name)
    if not raw:
        message = (
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a "
        )
        raise bad_param(message + "parameter; however it cannot be unset.", name, "parameter_invalid_empty")
    return raw


def whole(name: str, raw: Any) -> int:
    """An integer from 1, as amounts are."""
    if not isinstance(raw, str) or not raw.removeprefix("-").isdecimal() or not raw.isascii():
        raise bad_param(f"Invalid integer: {raw}", name, "parameter_invalid_integer")
    if int(raw) < 1:
        message = "This value must be greater than or equal to 1."
        raise bad_param(message, name, "parameter_invalid_integer")
    return int(raw)


def flag(name: str, raw: Any) -> bool:
    """true or false."""
    if raw not in ("true", "false"):
        raise bad_param(f"Invalid boolean: {raw}", name)
    return bool(raw == "true")


def one_of(*words: str) -> Reader:
    """One of these words."""

    def read(name: str, raw: Any) -> str:
        if raw not in words:
            raise bad_param(f"Invalid {name}: must be one of {', '.join(words)}", name)
        return str(raw)

    return read


def texts(name: str, raw: Any) -> list[str]:
    """A list of texts."""
    if not isinstance(raw, list):
        raise bad_param("Invalid array", name)
    return [text(f"{name}[{index}]", one) for index, one in enumerate(raw)]


def metadata(name: str, raw: Any) -> dict[str, str]:
    """Keys and values, within Stripe's limits."""
    if raw == "":
        return {}
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise bad_param("Invalid object", name)
    if len(raw) > MAX_METADATA:
        raise bad_param(f"Metadata can have at most {MAX_METADATA} keys.", name)
    for key, value in raw.items():
        if len(key) > 40 or len(value) > 500:
            raise bad_param(f"Metadata must have keys of 40 and values of 500 characters: {key}", name)
    return dict(raw)


def inside(readers: Mapping[str, Reader]) -> Reader:
    """A nested object with these parameters."""

    def read(name: str, raw: Any) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise bad_param("Invalid object", name)
        for key in raw:
            if key not in readers:
                path = f"{name}[{key}]"
                raise bad_param(f"Received unknown parameter: {path}", path, "parameter_unknown")
        return {key: readers[key](f"{name}[{key}]", value) for key, value in raw.items()}

    return read


def each(reader: Reader) -> Reader:
    """A list of such values."""

    def read(name: str, raw: Any) -> list[Any]:
        if not isinstance(raw, list):
            raise bad_param("Invalid array", name)
        return [reader(f"{name}[{index}]", one) for index, one in enumerate(raw)]

    return read


MOMENTS = inside({"gt": whole, "gte": whole, "lt": whole, "lte": whole})


def moments(name: str, raw: Any) -> dict[str, int]:
    """A filter on a time: a moment, or limits."""
    if isinstance(raw, str):
        moment = whole(name, raw)
        return {"gte": moment, "lte": moment}
    return dict(MOMENTS(name, raw))


@dataclass(frozen=True)
class Params:
    """The parameters of one operation.

    `of_stripe` is the SDK's typed dictionary: what Stripe knows. `readers` is what this stand-in models. A
    name that Stripe knows and we do not is refused aloud (501), so that no test believes it had an effect.
    """

    of_stripe: type
    readers: Mapping[str, Reader]
    required: tuple[str, ...] = ()

    def read(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The values by name. Raises StripeError."""
        known = self.of_stripe.__annotations__.keys() - RequestOptions.__annotations__.keys()
        for name in form:
            if name not in known and name != "expand":
                raise bad_param(f"Received unknown parameter: {name}", name, "parameter_unknown")
            if name not in self.readers and name != "expand":
                message = f"The stand-in does not model Stripe's parameter {name}"
                raise StripeError(501, message, kind="api_error", param=name, executed=False)
        for name in self.required:
            if name not in form:
                raise bad_param(f"Missing required param: {name}.", name, "parameter_missing")
        values = {name: self.readers[name](name, raw) for name, raw in form.items() if name != "expand"}
        return {**values, "expand": texts("expand", form.get("expand", []))}
