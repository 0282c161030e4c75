"""The cluster bench's own judgement: a loss that nobody was told of must not pass."""

from __future__ import annotations

import math

from bench.cluster_node import Told
from bench.cluster_round import Ear, Round

SAID_AT = [1.0, 2.0, 3.0, 4.0]


def test_a_loss_is_silent_when_nobody_is_told_afterwards() -> None:
    assert ear([1, 2, 4]).silent() == 1
    assert ear([1, 2, 4], read_at=[2.5]).silent() == 1
    assert ear([1, 2, 4], read_at=[3.5]).silent() == 0
    assert ear([1, 2, 3], read_at=[3.5]).missing() == [4]
    assert ear([1, 2, 3], read_at=[3.5]).silent() == 1


def test_what_comes_twice_or_late_is_disorder() -> None:
    assert ear([1, 2, 3, 4]).disorder() == 0
    assert ear([1, 2, 2, 3, 4]).disorder() == 1
    assert ear([1, 3, 2, 4]).disorder() == 1


def test_a_gap_counts_when_it_ends_within_the_time() -> None:
    assert math.isclose(ear([1, 4]).largest_gap_s(0, math.inf), 3.0)
    assert ear([1, 4]).largest_gap_s(0, 3.5) == math.inf
    assert ear([1, 2, 4]).first_after(2.5) == 4.1
    assert ear([1, 2]).first_after(2.5) == math.inf


def test_a_round_finds_whose_rooms_were_hit() -> None:
    its = {"job:0": [(1, 1.1), (4, 4.1)]}
    other = {"job:1": [(1, 1.1), (2, 2.1), (3, 3.1), (4, 4.1)]}
    first = Told(said_at=SAID_AT, heard=other, states=[(0.0, "up"), (2.1, "deaf")])
    second = Told(said_at=SAID_AT, heard=its, resynced=[(4.05, ["job:0"])], states=[(2.2, "deaf")])
    found = Round.of([first, second], lambda room: room == "job:0", killed_at=2.0, failed_over_at=3.5)
    assert found.its == {"job:0"}
    assert found.figures["missing"] == 2
    assert found.figures["silent"] == found.figures["lost_others"] == found.figures["wrong"] == 0
    assert math.isclose(found.figures["heard"], 0.6)
    assert math.isclose(found.figures["read"], 0.55)
    assert math.isclose(found.figures["gap_others"], 1000)
    assert math.isclose(found.figures["deaf"], 0.2)
    assert (found.figures["due"], found.figures["arrived"]) == (8, 6)


def ear(numbers: list[int], read_at: list[float] | None = None) -> Ear:
    """A room that heard these numbers, each a tenth of a second after it was said."""
    return Ear("job:0", SAID_AT, [(number, SAID_AT[number - 1] + 0.1) for number in numbers], read_at or [])
