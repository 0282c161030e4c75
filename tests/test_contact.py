"""Live, delayed or lost: what a silence means, and who is told when."""

from __future__ import annotations

import random

import pytest

from tracker.positions.contact import (
    Contact,
    ContactBoard,
    Overdue,
    contact_of,
    delayed_after_s,
    lost_after_s,
)

T0 = 1_795_249_800_000


def at(seconds: float) -> int:
    return T0 + round(seconds * 1000)


@pytest.mark.parametrize(
    ("interval_s", "silence_s", "contact"),
    [
        (5, 0, Contact.LIVE),
        (5, 15, Contact.LIVE),
        (5, 15.001, Contact.DELAYED),
        (5, 90, Contact.DELAYED),
        (5, 90.001, Contact.LOST),
        (60, 120, Contact.LIVE),
        (60, 121, Contact.DELAYED),
        (60, 301, Contact.LOST),
        (5, -30, Contact.LIVE),
        (5, 10**7, Contact.LOST),
    ],
)
def test_a_silence_is_judged_by_what_was_expected(
    interval_s: float, silence_s: float, contact: Contact
) -> None:
    assert contact_of(T0, interval_s, at(silence_s)) is contact


@pytest.mark.parametrize("interval_s", [0, 1, 5, 15, 60, 3600])
def test_lost_is_always_later_than_delayed(interval_s: float) -> None:
    assert interval_s < delayed_after_s(interval_s) < lost_after_s(interval_s)


def test_who_falls_silent_is_delayed_once_then_lost_once() -> None:
    board: ContactBoard[str] = ContactBoard()
    assert board.heard("job", T0, 5, T0) is Contact.LIVE
    told = [(s, change.contact) for s in range(200) for change in board.sweep(at(s))]
    assert told == [(16, Contact.DELAYED), (91, Contact.LOST)]


def test_last_seen_is_when_the_last_position_came() -> None:
    board: ContactBoard[str] = ContactBoard()
    board.heard("job", T0, 5, T0)
    board.heard("job", at(7), 5, at(7))
    assert board.sweep(at(100)) == [Overdue("job", Contact.LOST, at(7))]
    assert board.last_received_ms("job") == at(7)


def test_a_position_after_a_silence_makes_it_live_again_at_once() -> None:
    board: ContactBoard[str] = ContactBoard()
    board.heard("job", T0, 5, T0)
    board.sweep(at(91))
    assert board.heard("job", at(95), 5, at(95)) is Contact.LIVE
    assert board.heard("job", at(99), 5, at(99)) is None
    told = [(s, change.contact) for s in range(99, 300) for change in board.sweep(at(s))]
    assert told == [(115, Contact.DELAYED), (190, Contact.LOST)]


def test_a_node_that_takes_over_from_a_silence_says_live() -> None:
    board: ContactBoard[str] = ContactBoard()
    assert board.heard("job", at(-600), 60, T0) is Contact.LOST  # from the database
    assert board.heard("job", T0, 5, T0) is Contact.LIVE


def test_a_shorter_interval_is_judged_sooner() -> None:
    board: ContactBoard[str] = ContactBoard()
    board.heard("job", T0, 60, T0)
    board.heard("job", at(10), 5, at(10))
    assert board.sweep(at(26)) == [Overdue("job", Contact.DELAYED, at(10))]


def test_who_keeps_talking_is_never_told() -> None:
    board: ContactBoard[int] = ContactBoard()
    for s in range(0, 600, 5):
        for job in range(20):
            assert board.heard(job, at(s), 5, at(s)) is (None if s else Contact.LIVE)
        assert board.sweep(at(s)) == []
    assert len(board._alarms) <= 20


def test_a_forgotten_job_is_not_told() -> None:
    board: ContactBoard[str] = ContactBoard()
    board.heard("job", T0, 5, T0)
    board.forget("job")
    board.forget("job")
    assert board.sweep(at(1000)) == []
    assert (len(board), board.last_received_ms("job")) == (0, None)


def test_a_job_that_comes_back_is_watched_anew() -> None:
    board: ContactBoard[str] = ContactBoard()
    board.heard("job", T0, 5, T0)
    board.forget("job")
    board.heard("job", at(100), 5, at(100))
    assert board.sweep(at(110)) == []
    assert [change.contact for change in board.sweep(at(116))] == [Contact.DELAYED]


def test_the_board_agrees_with_the_rule_whatever_happens() -> None:
    chance = random.Random(7)
    board: ContactBoard[int] = ContactBoard()
    heard: dict[int, tuple[int, int]] = {}
    said: dict[int, Contact] = {}
    for s in range(3000):
        for _ in range(2):
            job, interval = chance.randrange(40), chance.choice([5, 15, 60])
            if chance.random() < (0.3 if job < 20 else 0.01):
                heard[job] = (at(s), interval)
                change = board.heard(job, at(s), interval, at(s))
                said[job] = change or said[job]
        for overdue in board.sweep(at(s)):
            said[overdue.key] = overdue.contact
        for job, (received_ms, interval) in heard.items():
            assert said[job] is contact_of(received_ms, interval, at(s))
