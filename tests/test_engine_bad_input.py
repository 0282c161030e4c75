"""Whatever a client sends, it gets a typed refusal or a clean close, and nothing is left of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from rooms.limits import Limits
from tests.engine_stage import Stage, run, stage, until

NOT_OUR_PROTOCOL = [
    "x",
    "",
    "9",
    "0",
    "2",
    "2probe",
    "5",
    "6",
    "3 ",
    "11",
    "b4AAAA",
    "4",
    "4x",
    "45-[]",
    '451-["a",{"_placeholder":true,"num":0}]',
    "461-1[]",
    "44{}",
    "47",
    "43[]",
    "431[1]",
    "42",
    "42{}",
    "42[]",
    "42[null]",
    "42[1]",
    "42[{}]",
    '42[""]',
    "42x",
    '42["a"',
    '42["a",{]',
    '42["a",{}]garbage',
    '42/admin,["a",{}]',
    "41/admin,",
    '42-["a"]',
    '42999999999999999999["a",{}]',
    '42["connect",{}]',
    '42["disconnect",{}]',
    '42["connect_error",{}]',
    '42["*",{}]',
    '42["' + "n" * 65 + '",{}]',
    "42" + "[" * 50_000,
    '42["a",' + "[" * 20_000 + "]" * 20_000 + "]",
    "40",
    "40{}",
    '40{"token":"again"}',
    "40[]",
    '40"x"',
    '42["a",{"x":"\x00"}]',
    '٤٢["a",{}]',
    '42٣["a",{}]',
    '42["a",{}]\n\x0b',
]


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Bad input is not our failure: nothing of it may be logged as one."""
    yield
    assert [
        record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "WARNING")
    ] == []


def test_what_is_not_our_protocol_closes_the_socket() -> None:
    async def story() -> None:
        async with stage() as place:
            for message in NOT_OUR_PROTOCOL:
                client = await place.joined()
                await client.send(message)
                code, reason = await client.closing()
                assert code == 1008, (message[:60], code)
                assert reason, message[:60]
            assert place.engine.stats()["breaches"] == len(NOT_OUR_PROTOCOL)
            assert len(place.app.left) == len(NOT_OUR_PROTOCOL)
            assert place.app.seen == []

    run(story())


def test_nothing_is_accepted_before_connect_is_answered() -> None:
    async def story() -> None:
        async with stage() as place:
            heard: list[object] = []
            place.engine.on_heartbeat = lambda *anything: heard.append(anything)
            for message in ('42["heartbeat",{}]', '421["heartbeat",{}]', '421["hello",{}]', '43["x"]'):
                early = await place.raw()
                await early.send(message)
                assert (await early.closing())[0] == 1008
            during = await place.raw()
            await during.send('40{"token":"slow"}')
            await place.app.connecting.wait()
            await during.send('421["heartbeat",{}]')
            assert (await during.closing())[0] == 1008
            refused = await place.raw()
            await refused.send('40{"token":"forbidden"}')
            await refused.send('421["heartbeat",{}]')
            assert (await refused.closing())[0] == 1008
            assert heard == place.app.seen == []

    run(story())


@pytest.mark.parametrize(
    "payload",
    [
        '["a"]',
        '["a",1]',
        '["a",null]',
        '["a",[]]',
        '["a","text"]',
        '["a",{},{}]',
        '["a",true]',
        '["a",{"x":NaN}]',
        '["a",{"x":Infinity}]',
        '["a",{"x":-Infinity}]',
        '["a",{"x":1e999}]',
        '["a",{"x":-1e999}]',
        '["a",{"x":1,"x":2}]',
        '["a",{"x":{"y":1,"y":1}}]',
        '["a",{"x":"\\u0000"}]',
        '["a",{"\\u0000":1}]',
        '["a",{"x":"\\ud800"}]',
        '["a",{"x":"\\udc00\\ud800"}]',
        '["a",{"x":' + "9" * 5000 + "}]",
        '["a",{"x":9223372036854775808}]',
        '["a",{"x":' + "[" * 17 + "]" * 17 + "}]",
        '["a",{"x":01}]',
        '["a",{x:1}]',
        '["a",{"x":1,}]',
        '["a",{}]x',
        '{"a":1}',
        "[]",
        "[null]",
        '["connect",{}]',
        '["*",{}]',
        '["a",{"x":"\t"}]',
    ],
)
def test_a_bad_payload_with_an_ack_id_is_told_so_and_the_socket_lives(payload: str) -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            answer = await client.ask("421" + payload)
            assert answer["ok"] is False
            assert answer["error"]["code"] == "invalid"
            assert answer["error"]["retry"] is False
            assert (await client.ask('422["fine",{"x":"\\ud83d\\ude00"}]'))["echo"] == {"x": "😀"}
            assert [event for event, _ in place.app.seen] == ["fine"]

    run(story())


def test_binary_is_refused_and_costs_nothing() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            await client.send(b"\x04" * 1000)
            assert (await client.closing())[0] == 1003

    run(story())


def test_a_message_larger_than_the_limit_is_refused_when_it_is_announced() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            largest = '421["a",{"x":"' + "y" * (64 * 1024 - 17) + '"}]'
            assert len(largest) == 64 * 1024
            assert (await client.ask(largest))["ok"] is True
            await client.send("42" + "z" * (1024 * 1024))
            code, reason = await client.closing()
            assert code == 1009
            assert "65536" in reason

    run(story())


def test_three_hundred_large_binary_messages_pin_no_memory() -> None:
    async def attack(place: Stage) -> None:
        client = await place.joined()
        try:
            await client.send('451-["a",{"_placeholder":true,"num":0}]')
            await client.send(b"\x00" * 900_000)
        except OSError:
            pass
        assert (await client.closing())[0] in (1003, 1006, 1008, 1009)

    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=0.5)) as place:
            for _ in range(5):
                await asyncio.gather(*(attack(place) for _ in range(60)))
            await until(lambda: place.engine.stats()["closing"] == 0)
            assert place.sockets == 0

    run(story())


def test_an_unknown_namespace_is_refused_and_the_session_lives() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            await client.send("40/admin,{}")
            answer = await client.receive()
            assert answer.startswith("44/admin,")
            assert json.loads(answer[9:]) == {"message": "Invalid namespace"}
            assert (await client.ask('421["hello",{}]'))["ok"] is True

    run(story())


def test_connect_twice_ends_the_socket_even_when_both_come_at_once() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.raw()
            await client.send("40{}")
            await client.send("40{}")
            assert (await client.closing())[0] == 1008
            await until(lambda: place.sockets == 0)

    run(story())


def test_a_socket_that_never_connects_is_closed() -> None:
    async def story() -> None:
        async with stage(limits=Limits(connect_timeout_s=0.3)) as place:
            client = await place.raw()
            assert await client.closing() == (1008, "no CONNECT in time")
            stuck = await place.raw()
            await stuck.send('40{"token":"slow"}')
            assert (await stuck.closing())[0] == 1008
            assert place.app.left == []
            place.app.release.set()
            await until(lambda: len(place.app.left) == 1)  # its session was made after all, and ended

    run(story())


def test_a_client_that_leaves_while_connecting_leaves_nothing_behind() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.raw()
            await client.send('40{"token":"slow","rooms":["r"]}')
            await place.app.connecting.wait()
            await client.close()
            await until(lambda: place.sockets == 0)
            place.app.release.set()
            await until(lambda: len(place.app.left) == 1)
            assert place.app.left[0][2] == "left while connecting"
            assert place.engine.members("r") == []
            await until(lambda: place.engine.stats()["tasks"] == 0)

    run(story())


def test_a_client_that_leaves_while_its_event_is_handled_leaves_nothing_behind() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined(rooms=["r"])
            await client.send('421["slow",{}]')
            await client.send('422["never",{}]')
            await until(lambda: bool(place.app.seen))
            client.wire.transport.abort()
            await until(lambda: place.sockets == 0)
            assert len(place.app.left) == 1
            place.app.release.set()
            await until(lambda: place.engine.stats()["tasks"] == 0)
            assert [event for event, _ in place.app.seen] == ["slow"]

    run(story())


def test_too_many_messages_are_told_busy_and_a_flood_is_closed() -> None:
    async def story() -> None:
        limits = Limits(messages_per_s=0.01, messages_burst=10)  # a slow machine earns none back
        async with stage(limits=limits) as place:
            client = await place.joined()
            answers = [await client.ask(f'42{number}["a",{{}}]') for number in range(12)]
            assert [answer["ok"] for answer in answers[:9]] == [True] * 9
            assert answers[-1]["error"]["code"] == "busy"
            assert answers[-1]["error"]["retry"] is True
            for number in range(20):
                await client.send(f'42{number}["a",{{}}]')
            assert await client.closing() == (1008, "too many messages")
            pings = await place.joined()
            for _ in range(30):
                await pings.wire.ping()
            assert await pings.closing() == (1008, "too many messages")
            assert place.engine.stats()["flooded"] == 2

    run(story())
