"""Turning a message's facts into words: in the person's language, in the company's time zone.

A rule module. Facts are language-free (`window_start` is a moment, `amount_cents` an amount); what they
say is made here, from the catalogues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tracker.messages.catalogue import Catalogue
from tracker.messages.catalogue_en import ENGLISH
from tracker.messages.catalogue_es import SPANISH
from tracker.messages.kinds import FACTS, Kind
from tracker.messages.plain_words import harmless

CATALOGUES: Mapping[str, Catalogue] = MappingProxyType({"en": ENGLISH, "es": SPANISH})
MAX_TITLE_CHARS = 200
MAX_BODY_CHARS = 1000
MAX_SMS_CHARS = 640  # Twilio takes 1600; past four or ten segments nobody reads on
# ISO 4217 currencies without cents (minor unit 0), as Stripe lists them ("Zero-decimal currencies").
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905 - a list to read
)
_WHOLE = frozenset({"url", "window_start", "window_end"})
# What people wrote; the other facts are of our own making.
_WRITTEN = frozenset({"service", "customer", "pro", "other", "address"})
# Dashes and quotes that GSM 03.38 lacks would halve the length of a text's segments, for no gain.
_CHEAP = str.maketrans(
    {"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "\u00a0": " "}
)
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "cad": "CA$", "aud": "A$", "mxn": "MX$"}


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, and how: the same for every message of one company to one person."""

    company: str
    language: str
    currency: str
    zone: ZoneInfo

    @property
    def catalogue(self) -> Catalogue:
        """The language's texts; English for a language that has none."""
        return CATALOGUES.get(self.language, ENGLISH)


def check_facts(kind: Kind, facts: Mapping[str, str]) -> None:
    """Raises ValueError when a fact that the kind's texts need is missing: a mistake of the caller."""
    missing = FACTS[kind] - facts.keys()
    if missing:
        raise ValueError(f"a message of kind {kind.value} needs {', '.join(sorted(missing))}")


def title_of(kind: Kind, facts: Mapping[str, str], voice: Voice) -> str:
    """The title, as the bell, a push and a mail's subject show it."""
    return _fill(voice.catalogue.texts[kind].title, facts, voice)[:MAX_TITLE_CHARS]


def body_of(kind: Kind, facts: Mapping[str, str], voice: Voice) -> str:
    """The sentence under it. It never holds a link."""
    return _fill(voice.catalogue.texts[kind].body, facts, voice)[:MAX_BODY_CHARS]


def sms_of(kind: Kind, facts: Mapping[str, str], voice: Voice, *, link: str = "") -> str:
    """The text message; `link` is the tracking page's address, where the kind has one.

    Long names and addresses are cut, so that the link at the end is whole.
    """
    template = voice.catalogue.texts[kind].sms
    if template is None:
        raise ValueError(f"messages of kind {kind.value} have no text for SMS")
    longest = 120
    while True:
        cut = {key: value if key in _WHOLE else _shorten(value, longest) for key, value in facts.items()}
        text = _fill(template, {**cut, "link": link}, voice).translate(_CHEAP)
        if len(text) <= MAX_SMS_CHARS or longest <= 20:
            return text
        longest -= 20


def money(cents: int, currency: str) -> str:
    """`$120.00`, `€120.00`, `CHF 120.00`; ¥ and its like have no cents."""
    sign = _SIGNS.get(currency, currency.upper() + " ")
    minus = "-" if cents < 0 else ""
    if currency in ZERO_DECIMAL:
        return f"{minus}{sign}{abs(cents):,}"
    return f"{minus}{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def window_text(begin: datetime, end: datetime, voice: Voice) -> str:
    """`Sat 21 Nov, 09:00–11:00`, in the company's time zone."""
    begin, end = begin.astimezone(voice.zone), end.astimezone(voice.zone)
    words = voice.catalogue
    return words.window.format(
        weekday=words.days[begin.weekday()],
        day=begin.day,
        month=words.months[begin.month - 1],
        begin=f"{begin:%H:%M}",
        end=f"{end:%H:%M}",
    )


def moment_text(at: datetime, voice: Voice) -> str:
    """`Sat 21 Nov 2026, 09:41`, in the company's time zone."""
    at, words = at.astimezone(voice.zone), voice.catalogue
    return words.receipt.moment.format(
        weekday=words.days[at.weekday()],
        day=at.day,
        month=words.months[at.month - 1],
        year=at.year,
        time=f"{at:%H:%M}",
    )


def fields_of(template: str) -> set[str]:
    """The names between braces."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _fill(template: str, facts: Mapping[str, str], voice: Voice) -> str:
    words = voice.catalogue
    said = {name: harmless(value) if name in _WRITTEN else value for name, value in facts.items()}
    said |= {"company": voice.company, "window": "", "when": "", "eta": ""}
    if facts.get("window_start") and facts.get("window_end"):
        begin, end = (datetime.fromisoformat(facts[name]) for name in ("window_start", "window_end"))
        said["window"] = window_text(begin, end, voice)
        said["when"] = words.when.format(window=said["window"])
    if facts.get("eta_s"):
        said["eta"] = words.eta.format(minutes=max(1, round(int(facts["eta_s"]) / 60)))
    if facts.get("amount_cents"):
        said["amount"] = money(int(facts["amount_cents"]), voice.currency)
    return " ".join(template.format_map(said).split())


def _shorten(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
