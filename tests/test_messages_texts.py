"""The messages' words: every key in every language, only known facts, and texts that cost little."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.messaging import recipient
from tracker.messages.catalogue import Catalogue, ReceiptWords
from tracker.messages.kinds import FACTS, PLANS, Channel, Kind
from tracker.messages.mail_parts import is_address
from tracker.messages.phones import e164
from tracker.messages.plain_words import harmless
from tracker.messages.reach import ways_to
from tracker.messages.texts import (
    CATALOGUES,
    MAX_SMS_CHARS,
    Voice,
    body_of,
    fields_of,
    money,
    sms_of,
    title_of,
)
from tracker.stand_ins.twilio.messages import GSM_7, GSM_7_EXTENDED

# What the texts may name beside a kind's own facts.
MADE = {
    "window_start": {"window", "when"},
    "eta_s": {"eta"},
    "amount_cents": {"amount"},
}
SAMPLE = {
    "service": "Mount a 55-inch TV",
    "customer": "Cleo Hart",
    "pro": "Pat Mason",
    "other": "Pat Mason",
    "address": "12 Castle Street, Apt 3, Liverpool",
    "window_start": "2026-11-22T09:00:00Z",
    "window_end": "2026-11-22T11:00:00Z",
    "eta_s": "740",
    "version": "4",
    "amount_cents": "12345",
    "url": "https://pay.example/" + "x" * 80,
    "title": "A title",
    "body": "A body",
}
LINK = "https://go.company.example/track/" + "k" * 22


def voice(language: str, currency: str = "usd") -> Voice:
    return Voice("Wrenford Home Services", language, currency, ZoneInfo("America/New_York"))


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_has_every_key_and_names_only_what_is_known(language: str) -> None:
    catalogue: Catalogue = CATALOGUES[language]
    assert set(catalogue.texts) == set(Kind) == set(PLANS) == set(FACTS)
    for kind, texts in catalogue.texts.items():
        known = {"company", *FACTS[kind], *(name for fact in FACTS[kind] for name in MADE.get(fact, ()))}
        by_sms = any(Channel.SMS in way for way in PLANS[kind].ways)
        assert (texts.sms is not None) == by_sms, kind
        for text in (texts.title, texts.body):
            assert fields_of(text) <= known, kind
        assert fields_of(texts.sms or "") <= known | {"link"}, kind
        assert "link" not in fields_of(texts.title) | fields_of(texts.body)
    english = CATALOGUES["en"]
    for one in fields(ReceiptWords):
        words = getattr(catalogue.receipt, one.name)
        assert words
        assert fields_of(words) == fields_of(getattr(english.receipt, one.name)), one.name
    for name in ("when", "eta", "window", "open_page"):
        assert fields_of(getattr(catalogue, name)) == fields_of(getattr(english, name))
    assert (len(set(catalogue.days)), len(set(catalogue.months))) == (7, 12)


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("kind", Kind)
def test_every_message_can_be_said(kind: Kind, language: str) -> None:
    facts = {name: SAMPLE[name] for name in FACTS[kind]}
    bare = {name: "" if name in ("window_start", "window_end", "eta_s") else facts[name] for name in facts}
    for told in (facts, bare):
        texts = [title_of(kind, told, voice(language)), body_of(kind, told, voice(language))]
        if any(Channel.SMS in way for way in PLANS[kind].ways):
            texts.append(sms_of(kind, told, voice(language), link=LINK))
        for text in texts:
            assert text
            assert "{" not in text
            assert "  " not in text


def test_an_english_text_uses_the_cheap_alphabet() -> None:
    for kind in Kind:
        if CATALOGUES["en"].texts[kind].sms:
            said = sms_of(kind, {name: SAMPLE[name] for name in FACTS[kind]}, voice("en"), link=LINK)
            assert set(said) <= GSM_7 | GSM_7_EXTENDED, kind


def test_long_names_are_cut_and_the_link_stays_whole() -> None:
    facts = {"pro": "P" * 200, "service": "S" * 200, "eta_s": "", "version": "4"}
    said = sms_of(Kind.ON_THE_WAY, facts, voice("en"), link=LINK)
    assert said.endswith(LINK)
    assert len(said) <= MAX_SMS_CHARS
    won = {name: SAMPLE[name] for name in FACTS[Kind.JOB_WON]} | {"address": "A" * 300, "service": "S" * 200}
    assert len(sms_of(Kind.JOB_WON, won, voice("es"))) <= MAX_SMS_CHARS


def test_braces_and_line_breaks_in_what_people_wrote_stay_text() -> None:
    facts = {"service": "{company} {0} {x.y}\r\nBcc: all", "other": "Pat\x00\u2028Mason"}
    said = body_of(Kind.REVIEW_REQUEST, facts, voice("en"))
    assert said.startswith("{company} {0} {x.y} Bcc: all with ")
    assert "\n" not in said
    assert "\r" not in said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Pat http://evil.example/pay", "Pat http evil. example/pay"),
        ("www.evil.co", "www. evil. co"),
        ("Refund: evil\u3002com", "Refund: evil. com"),
        ("a@evil\uff0ecom", "a@evil. com"),
        ("\u202eeman gnorw\u202c \u2066x\u2069", "eman gnorw x"),
        ("Pat\x00\x1b[31m\x85Mason\u2029", "Pat [31m Mason"),
        ("J.R. Smith, St. Mary's, 5.5-inch TV", "J.R. Smith, St. Mary's, 5.5-inch TV"),
        ("José Núñez", "José Núñez"),
    ],
)
def test_a_name_is_no_link_and_turns_nothing_around(written: str, said: str) -> None:
    assert harmless(written) == said
    facts = {"pro": written, "service": "A TV", "eta_s": "", "version": "4"}
    text = sms_of(Kind.ON_THE_WAY, facts, voice("en"), link=LINK)
    assert text == f"Wrenford Home Services: {said} is on the way. Track here: {LINK}"


@pytest.mark.parametrize("address", ["o'neil+tv@mail.example", "a.b@x.example", "a@localhost"])
def test_an_address_that_mail_can_go_to(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@x.example",
        "a@",
        "a@b@c.example",
        "a b@x.example",
        "a@x.example\n",
        "a@x.example\r\nBcc: all@x.example",
        "a@x.example,b@x.example",
        "<a@x.example>",
        "everybody:a@x.example",
        "a]b[@x.example",
        "=?utf-8?q?b?=@x.example",
        "ü@x.example",
        "a@ü.example",
        "\u202ea@x.example",
        "a..b@x.example",
        ".a@x.example",
        "a@x..example",
        "a@-x.example",
        "a@x.example.",
        "a" * 65 + "@x.example",
        "a@" + "x" * 64 + ".example",
        "a@" + "x." * 130 + "example",
    ],
)
def test_an_address_that_a_mail_program_would_read_otherwise_is_none(address: str) -> None:
    assert not is_address(address)


def test_times_are_told_in_the_companys_zone_and_the_persons_language() -> None:
    facts = {name: SAMPLE[name] for name in FACTS[Kind.APPOINTMENT]}
    assert body_of(Kind.APPOINTMENT, facts, voice("en")) == "Mount a 55-inch TV: Sun 22 Nov, 04:00–06:00."
    assert body_of(Kind.APPOINTMENT, facts, voice("es")) == "Mount a 55-inch TV: dom 22 nov, 04:00–06:00."


@pytest.mark.parametrize(
    ("cents", "currency", "said"),
    [
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (123456789, "usd", "$1,234,567.89"),
        (-1250, "eur", "-€12.50"),
        (1250, "chf", "CHF 12.50"),
        (1250, "jpy", "JPY 1,250"),
    ],
)
def test_amounts_are_written_as_people_read_them(cents: int, currency: str, said: str) -> None:
    assert money(cents, currency) == said


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("+15550100", "+15550100"),
        (" +1 (555) 010-0100 ", "+15550100100"),
        ("0015550100100", "+15550100100"),
        ("+44 20 7946 0000", "+442079460000"),
        ("555 0100", None),
        ("+0155501001", None),
        ("+1555010010012345", None),
        ("+12", None),
        ("+1555010010x", None),
        ("+١٥٥٥٠١٠٠١٠٠", None),
        ("", None),
        ("+1555\n0100100", None),
    ],
)
def test_a_number_is_written_as_networks_want_it_or_is_none(raw: str, number: str | None) -> None:
    assert e164(raw) == number


def said_of(kind: Kind) -> str:
    """How docs/messages.md says by what a kind travels and when it is too late."""
    names = {Channel.SMS: "text", Channel.EMAIL: "mail", Channel.PUSH: "push"}
    ways = [", else ".join(names[channel] for channel in way) for way in PLANS[kind].ways]
    joint = "; and " if any(", else " in way for way in ways) else " and "
    minutes = int(PLANS[kind].expires_after.total_seconds() / 60)
    if minutes < 60:
        late = f"{minutes} min"
    else:
        late = f"{minutes // 60} h" if minutes <= 24 * 60 else f"{minutes // (24 * 60)} d"
    return f"{joint.join(ways)} | {late}"


def test_the_operators_page_has_the_table_that_the_code_has() -> None:
    page = (Path(__file__).parent.parent / "docs" / "messages.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+ \| [^|]+) \|$", page, re.MULTILINE)
    assert rows == [(kind.value, said_of(kind)) for kind in Kind]


def test_each_kind_reaches_a_person_by_its_own_channels() -> None:
    all_of_it = {"phone": "+15550102", "email": "cleo@example.com", "has_push": True}

    def channels(kind: Kind, **changed: object) -> list[str]:
        return [way.channel.value for way in ways_to(recipient(**{**all_of_it, **changed}), kind, set())]

    assert {kind.value: channels(kind) for kind in Kind} == {
        "job_won": ["sms", "push"],
        "job_lost": ["sms", "push"],
        "who_comes": ["push"],
        "appointment": ["push", "email"],
        "on_the_way": ["sms", "push"],
        "arrived": ["push"],
        "receipt": ["email"],
        "review_request": ["push"],
        "payout_paid": ["push"],
        "cancelled": ["sms", "email"],
        "payment_request": ["sms", "email"],
        "alert": ["push"],
    }
    assert channels(Kind.ARRIVED, has_push=False) == ["sms"]
    assert channels(Kind.REVIEW_REQUEST, has_push=False) == ["email"]
    assert channels(Kind.RECEIPT, email=None) == []
    assert channels(Kind.ON_THE_WAY, phone=None, has_push=False) == ["email"]
    assert channels(Kind.WHO_COMES, phone=None, has_push=False) == ["email"]
    assert channels(Kind.ARRIVED, refused=frozenset({("arrived", "push")})) == ["sms"]
    assert channels(Kind.ARRIVED, refused=frozenset({("*", "push")})) == ["sms"]


def test_what_a_person_refused_or_what_is_wrong_with_their_address_is_recorded() -> None:
    def hindrance(kind: Kind, **changed: object) -> list[tuple[str, str]]:
        ways = ways_to(recipient(**changed), kind, {"+15550109"})
        return [(way.hindrance.status, way.hindrance.reason) for way in ways if way.hindrance]

    phone = {"phone": "+15550102"}
    assert hindrance(Kind.JOB_WON, **phone) == []
    assert hindrance(Kind.JOB_WON, **phone, refused=frozenset({("*", "sms")})) == [
        ("suppressed", "the person does not want this")
    ]
    assert hindrance(Kind.JOB_WON, phone="+1 555 0109") == [("suppressed", "the number said STOP")]
    assert hindrance(Kind.JOB_WON, **phone, suspended=True) == [("suppressed", "the person is suspended")]
    for email in ("cleo", "a@b\r\nBcc: c@d", "a@b,c@d", "Cleo <a@b>", "a b@c"):
        assert hindrance(Kind.RECEIPT, email=email) == [("failed", "the mail address on record is none")]
