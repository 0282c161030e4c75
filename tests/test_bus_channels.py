"""The books of one connection: what to ask of the server next, and what its answers mean."""

from __future__ import annotations

import asyncio

import pytest

from rooms.redis_bus.channels import Channels
from rooms.redis_bus.link import MESSAGE, REFUSED, TAKEN
from rooms.redis_bus.replies import Refusal, Reply
from rooms.redis_bus.shard_link import ShardLink


def asked(*names: bytes) -> Channels:
    """Books in which these were wanted and asked for."""
    channels = Channels()
    for name in names:
        channels.want(name)
    channels.take_changes()
    return channels


def test_a_confirmed_channel_owes_nothing() -> None:
    channels = asked(b"a")
    assert not channels.answered(b"a")
    assert channels.get(b"a").confirmed.is_set()


def test_a_channel_that_came_from_another_server_owes_a_look_once_it_is_confirmed() -> None:
    channels = Channels()
    channels.want(b"a", late=True)
    assert channels.take_changes() == ([b"a"], [])
    assert channels.answered(b"a")
    assert not channels.answered(b"a")


def test_a_refused_channel_is_asked_again_only_when_told_and_then_owes_a_look() -> None:
    channels = asked(b"a")
    channels.refused(b"a", taken=False)
    assert not channels.is_complete()
    assert channels.take_changes() == ([], [])
    channels.ask_refused_again()
    assert channels.take_changes() == ([b"a"], [])
    assert channels.is_complete()
    assert channels.answered(b"a")


def test_a_subscription_that_was_taken_back_no_longer_counts_as_confirmed() -> None:
    channels = asked(b"a")
    channels.answered(b"a")
    channels.refused(b"a", taken=True)
    assert not channels.get(b"a").confirmed.is_set()
    assert not channels.is_complete()
    channels.give_up(b"a")
    assert channels.is_complete()
    assert channels.wanted() == []


def test_only_the_answer_to_the_last_command_decides() -> None:
    channels = asked(b"a")
    channels.unwant(b"a")
    channels.take_changes()
    channels.want(b"a")
    channels.take_changes()
    channels.refused(b"a", taken=False)
    assert channels.is_complete()
    channels.answered(b"a")
    assert not channels.get(b"a").confirmed.is_set()
    channels.answered(b"a")
    assert channels.get(b"a").confirmed.is_set()


def test_a_refused_channel_that_nobody_wants_any_more_is_forgotten() -> None:
    channels = asked(b"a")
    channels.refused(b"a", taken=False)
    channels.unwant(b"a")
    assert channels.is_complete()
    channels.ask_refused_again()
    assert channels.take_changes() == ([], [])
    assert len(channels) == 0


def test_answers_about_unknown_channels_change_nothing() -> None:
    channels = asked(b"a")
    assert not channels.answered(b"b")
    channels.refused(b"b", taken=True)
    assert channels.is_complete()


class TakingConnection:
    """Stands for redis-py's connection: takes commands."""

    is_connected = True

    def pack_commands(self, commands: object) -> object:
        return commands

    async def send_packed_command(self, packed: object, check_health: bool) -> None:
        pass


def heard(*says: Reply, asks: list[bytes], gives_up: list[bytes]) -> list[tuple[object, object]]:
    """What a `ShardLink` makes of what its server says after one `tell`."""

    async def story() -> list[tuple[object, object]]:
        link = ShardLink(TakingConnection())  # type: ignore[arg-type]
        await link.tell(asks, gives_up)
        return [tuple(link.sort(said)[:2]) for said in says]

    return asyncio.run(story())


def test_a_refusal_finds_the_channel_that_was_asked_for() -> None:
    says = (
        [b"ssubscribe", b"a", 1],
        Refusal("MOVED 7 there:1"),
        [b"smessage", b"a", b"!"],
        [b"ssubscribe", b"c", 2],
    )
    assert heard(*says, asks=[b"a", b"b", b"c"], gives_up=[]) == [
        (b"ssubscribe", b"a"),
        (REFUSED, b"b"),
        (MESSAGE, b"a"),
        (b"ssubscribe", b"c"),
    ]


def test_a_subscription_taken_back_is_told_from_one_given_back() -> None:
    says = [b"sunsubscribe", b"b", 1], [b"sunsubscribe", b"a", 0], [b"sunsubscribe", b"a", 0]
    assert heard(*says, asks=[], gives_up=[b"a"]) == [
        (TAKEN, b"b"),
        (b"sunsubscribe", b"a"),
        (TAKEN, b"a"),
    ]


def test_giving_back_what_has_moved_away_is_done_when_it_is_refused() -> None:
    assert heard(Refusal("MOVED 7 there:1"), asks=[], gives_up=[b"a"]) == [(b"sunsubscribe", b"a")]


@pytest.mark.parametrize(
    "said", [[b"ssubscribe", b"b", 1], [b"psubscribe", b"a", 1], b"OK", 5, [b"x"]], ids=str
)
def test_an_answer_to_no_question_is_the_end_of_the_link(said: object) -> None:
    with pytest.raises(Exception, match="The server"):
        heard(said, asks=[b"a"], gives_up=[])
