"""Who owns which channels, from what a server says."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import InvalidResponse

from rooms.redis_bus.layout import Range, parse_slots, slot_of
from rooms.redis_bus.url import Address, each_seed, url_at

A, B, C = Address("10.0.0.1", 6379), Address("10.0.0.2", 6379), Address("10.0.0.3", 6380)


def test_ranges_owners_and_replicas_are_read() -> None:
    layout = parse_slots(
        [
            [8000, 16383, [b"10.0.0.2", 6379, b"id", []]],
            [0, 7998, [b"10.0.0.1", 6379, b"id", []], [b"10.0.0.3", 6380, b"id", [b"hostname", b"c"]]],
            [7999, 7999, [b"10.0.0.2", 6379]],
        ],
        "seed",
    )
    assert layout.ranges == (Range(0, 7998, A), Range(7999, 7999, B), Range(8000, 16383, B))
    assert layout.owners == [A, B]
    assert layout.replicas == {C}


@pytest.mark.parametrize("name", [None, b"", b"?"], ids=["null", "empty", "unknown"])
def test_a_server_that_does_not_know_its_own_name_is_where_it_was_reached(name: bytes | None) -> None:
    assert parse_slots([[0, 16383, [name, 7000, b"id"]]], "seed").owners == [Address("seed", 7000)]


def test_two_views_of_one_cluster_are_equal_in_whatever_order_they_come() -> None:
    parts = [[0, 99, [b"10.0.0.1", 6379]], [100, 200, [b"10.0.0.2", 6379]]]
    assert parse_slots(parts, "seed") == parse_slots(parts[::-1], "seed")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        7,
        b"OK",
        [[]],
        [[0]],
        [[0, 1]],
        [[0, 16384, [b"a", 1]]],
        [[-1, 5, [b"a", 1]]],
        [[9, 5, [b"a", 1]]],
        [[0, 5, []]],
        [[0, 5, [b"\xff", 1]]],
        [[0, 5, [b"a", b"x"]]],
        [[0, 5, [3, 4]]],
        [["0", "5", [b"a", 1]]],
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_refused(answer: Any) -> None:
    with pytest.raises(InvalidResponse):
        parse_slots(answer, "seed")


def test_a_cluster_without_slots_has_no_owners() -> None:
    assert parse_slots([], "seed").owners == []


def test_the_slot_of_a_channel_is_the_one_of_the_cluster_specification() -> None:
    assert slot_of(b"123456789") == 0x31C3  # the specification's own example of its CRC16
    assert slot_of(b"{user1000}.following") == slot_of(b"{user1000}.followers") == slot_of(b"user1000")
    assert slot_of(b"foo{}{bar}") != slot_of(b"bar")


def test_a_url_names_one_server_or_several() -> None:
    assert each_seed("redis://a:1") == ["redis://a:1"]
    assert each_seed("unix:///run/redis.sock?db=1") == ["unix:///run/redis.sock?db=1"]
    assert each_seed("rediss://me:p@ss@a:1,b,[::1]:3/0?timeout=1") == [
        "rediss://me:p@ss@a:1/0?timeout=1",
        "rediss://me:p@ss@b/0?timeout=1",
        "rediss://me:p@ss@[::1]:3/0?timeout=1",
    ]


def test_a_comma_without_a_server_is_refused() -> None:
    with pytest.raises(ValueError, match="comma"):
        each_seed("redis://a:1,")


def test_the_other_servers_are_reached_with_the_same_password_and_options() -> None:
    assert url_at("rediss://me:pw@a:1,b:2/0?x=1", Address("c", 3)) == "rediss://me:pw@c:3/0?x=1"
    assert url_at("redis://a", Address("::1", 3)) == "redis://[::1]:3"
    with pytest.raises(ValueError, match="socket"):
        url_at("unix:///run/redis.sock", Address("c", 3))
