"""Every declared effect has exactly one executor, in a file of its name, and a row in the operator's page."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tracker.calendar import HOURLY, NIGHTLY, WEEKLY
from tracker.effects.registry import EXECUTORS
from tracker.jobs.consequences import EFFECTS, EXPIRES_AFTER, Effect
from tracker.outbox.carry_out import MAX_ATTEMPTS
from tracker.outbox.dead_alert import EACH_UP_TO
from tracker.outbox.pace import DEAF_FOR_S, LEASE_S, PACES, RENEW_EVERY_S, USUAL
from tracker.worker import STOP_WITHIN_S

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "effects.md").read_text(encoding="utf-8")
FOLDER = ROOT / "tracker" / "effects"
MACHINERY = {"__init__", "registry", "task"}


def table(heading: str, columns: int) -> dict[str, list[str]]:
    """The rows of the first table below a heading, by effect."""
    part = PAGE.split(heading, 1)[1]
    rows = re.findall(r"^\| `?([a-z_ ]+?)`? \|" + r" (.+?) \|" * (columns - 1) + "$", part, re.MULTILINE)
    found: dict[str, list[str]] = {}
    for effect, *cells in rows:
        if effect in found:
            break
        if effect != "effect":
            found[effect] = cells
    return found


def test_every_declared_effect_has_exactly_one_executor() -> None:
    assert set(EXECUTORS) == set(Effect)
    assert len(set(EXECUTORS.values())) == len(EXECUTORS)


@pytest.mark.parametrize("effect", list(Effect))
def test_an_executor_lives_in_a_file_of_its_effects_name(effect: Effect) -> None:
    executor = EXECUTORS[effect]
    assert executor.__name__ == effect.value  # type: ignore[attr-defined]
    assert executor.__module__ == f"tracker.effects.{effect.value}"


def test_the_folder_of_effects_holds_nothing_else() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == {effect.value for effect in Effect} | MACHINERY


def test_the_page_has_every_effect_with_its_causes_and_its_limit() -> None:
    rows = table("## Every effect", 4)
    assert list(rows) == [effect.value for effect in Effect]
    for effect in Effect:
        causes, _, limit = rows[effect.value]
        statuses = [status.value for status, effects in EFFECTS.items() if effect in effects]
        if statuses:
            assert causes.partition(";")[0].split(", ") == statuses
        assert limit == in_words(EXPIRES_AFTER.get(effect))
        assert (causes == "the calendar") == (effect in {*HOURLY, *NIGHTLY, *WEEKLY})


def test_the_page_has_every_deadline_and_share() -> None:
    wanted = {
        effect.value: [f"{pace.timeout_s:g} s", str(pace.at_once)]
        for effect, pace in sorted(PACES.items(), key=lambda item: item[0].value)
    }
    usual = [f"{USUAL.timeout_s:g} s", str(USUAL.at_once)]
    assert table("A delivery may have", 3) == {**wanted, "all others": usual}


def test_the_page_has_the_calendars_hours() -> None:
    times = {effect.value: cells[0] for effect, cells in calendar_rows().items()}
    assert times == {
        **dict.fromkeys((effect.value for effect in HOURLY), "each hour"),
        **{effect.value: f"{at:%H:%M}" for effect, at in NIGHTLY.items()},
        **{effect.value: f"`PAYOUT_DAY`, {at:%H:%M}" for effect, at in WEEKLY.items()},
    }


def calendar_rows() -> dict[Effect, list[str]]:
    return {Effect(effect): cells for effect, cells in table("## The calendar", 3).items()}


def test_the_numbers_in_the_pages_sentences_are_the_codes() -> None:
    word = {5: "five", 10: "ten", 15: "fifteen", 20: "twenty"}
    page = " ".join(PAGE.lower().split())
    for sentence in (
        f"at most {word[USUAL.at_once]} effects of a kind",
        f"**each try has a deadline.** {word[round(USUAL.timeout_s)]} seconds",
        f"taken over by another worker, {word[round(DEAF_FOR_S)]} seconds later",
        f"{word[round(LEASE_S)]} seconds after it last said that it is at an effect",
        f"says so every {word[round(RENEW_EVERY_S)]} seconds",
        f"after {word[MAX_ATTEMPTS]} tries",
        f"for {word[round(STOP_WITHIN_S)]} seconds at most",
        f"more than {word[EACH_UP_TO]} of a kind die within an hour",
    ):
        assert sentence in page


def in_words(limit: timedelta | None) -> str:
    if limit is None:
        return "–"
    if limit.days:
        return f"{limit.days} d"
    minutes = limit.seconds // 60
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
