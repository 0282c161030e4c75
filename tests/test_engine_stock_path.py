"""The rest of Socket.IO, for who builds on the engine: other namespaces, any arguments, bounded binary."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import socketio

from rooms.limits import Limits
from tests.engine_stage import Stage, run, stage, until

BINARY = Limits(attachments=2, message_bytes=4096)
OTHER = "/other"


def echo(place: Stage, namespace: str = "/") -> None:
    """`echo` answers with its arguments, and `said` brings them back too."""

    async def answer(sid: str, *arguments: Any) -> tuple[Any, ...]:
        await place.engine.emit(sid, "said", *arguments, namespace=namespace)
        return arguments

    place.engine.on("echo", answer, namespace=namespace)


def open_other(place: Stage) -> list[tuple[str, str]]:
    """Serve `/other`, whose token is "let me in"; returns what happens there."""
    happened: list[tuple[str, str]] = []

    async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, Any] | None) -> bool:
        match (auth or {}).get("token"):
            case "bug":
                raise KeyError("a bug")
            case "slow":
                place.app.connecting.set()
                await place.app.release.wait()
            case "let me in":
                pass
            case _:
                return False
        happened.append(("connect", sid))
        return True

    place.engine.on("connect", connect, namespace=OTHER)
    place.engine.on("disconnect", lambda sid, _why: happened.append(("disconnect", sid)), namespace=OTHER)
    echo(place, OTHER)
    return happened


def test_an_event_with_a_handler_of_its_own_carries_any_arguments() -> None:
    async def story() -> None:
        async with stage() as place:
            echo(place)
            client = await place.joined()
            await client.send('427["echo",1,"2",{"3":[true]}]')
            assert await client.receive() == '42["said",1,"2",{"3":[true]}]'
            assert await client.receive() == '437[1,"2",{"3":[true]}]'
            refused = await client.ask('428["another",1,"2"]')
            assert refused["error"]["code"] == "invalid"
            assert place.app.seen == []

    run(story())


def test_the_python_client_speaks_in_two_namespaces_over_one_connection() -> None:
    async def story() -> None:
        async with stage(limits=BINARY) as place:
            happened = open_other(place)
            echo(place)
            client = socketio.AsyncClient(reconnection=False)
            await client.connect(
                place.url, namespaces=["/", OTHER], transports=["websocket"], auth={"token": "let me in"}
            )
            assert place.sockets == 1
            assert await client.call("echo", ("a", b"\x01\x02"), namespace=OTHER) == ("a", b"\x01\x02")
            assert await client.call("echo", {"deep": [b"\x03"]}) == {"deep": [b"\x03"]}
            assert await client.call("hello", {"a": 1}) == {"ok": True, "echo": {"a": 1}}
            await client.disconnect()
            await until(lambda: [what for what, _ in happened] == ["connect", "disconnect"])
            await until(lambda: place.sockets == 0)
            assert happened[0][1] == happened[1][1]

    run(story())


def test_namespaces_may_be_asked_for_in_any_order_and_at_once() -> None:
    async def story() -> None:
        async with stage() as place:
            open_other(place)
            client = await place.raw()
            await client.send('40/other,{"token":"let me in"}')
            await client.send("40{}")
            answers = {await client.receive(), await client.receive()}
            assert {answer.partition("{")[0] for answer in answers} == {"40/other,", "40"}
            # The same ack id in both: a broken event there is not answered as one of ours.
            await client.send('427["hello",{}]')
            assert (await client.receive()).startswith('437[{"ok":true')
            await client.send('42/other,7["echo",NaN]')
            assert (await client.closing())[0] == 1008

    run(story())


def test_a_namespace_nobody_serves_and_one_that_refuses_get_an_answer() -> None:
    async def story() -> None:
        async with stage(limits=Limits(connect_timeout_s=1)) as place:
            happened = open_other(place)
            client = await place.raw()
            await client.send("40/nowhere,")
            assert await client.receive() == '44/nowhere,{"message":"Invalid namespace"}'
            await client.send('40/other,{"token":"wrong"}')
            assert (await client.receive()).startswith('44/other,{"message":')
            # Refused everywhere, the connection holds no session, and is not kept.
            assert await client.closing() == (1008, "no CONNECT in time")
            assert happened == []
            await until(lambda: place.sockets == 0)

    run(story())


def test_another_namespace_alone_keeps_the_connection() -> None:
    async def story() -> None:
        limits = Limits(connect_timeout_s=0.5, ping_interval_s=1, ping_timeout_s=1)
        async with stage(limits=limits) as place:
            happened = open_other(place)
            client = await place.raw()
            await client.send('40/other,{"token":"let me in"}')
            assert (await client.receive()).startswith('40/other,{"sid":')
            for _ in range(2):
                assert await client.receive() == "2"
                await client.send("3")
            await client.send('42/other,3["echo",1]')
            assert await client.receive() == '42/other,["said",1]'
            assert await client.receive() == "43/other,3[1]"
            await client.send("41/other,")
            assert await client.closing() == (1008, "no CONNECT in time")
            assert [what for what, _ in happened] == ["connect", "disconnect"]

    run(story())


@pytest.mark.parametrize("token", ["bug", "slow"])
def test_a_connect_handler_elsewhere_that_fails_or_comes_too_late_leaves_nothing_behind(token: str) -> None:
    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=0.3)) as place:
            open_other(place)
            client = await place.raw()
            await client.send("40/other," + json.dumps({"token": token}))
            if token == "slow":
                await place.app.connecting.wait()
                await client.wire.close()
                await until(lambda: place.sockets == 0)
                place.app.release.set()
            else:
                assert (await client.closing())[0] == 1011
            await until(lambda: place.engine.stats()["tasks"] == 0)
            others = place.engine._hub.stock._others
            assert (dict(others.manager.rooms), others.environ) == ({}, {})
            assert place.engine._hub.stock._carried == {}

    run(story())


def test_the_guard_stands_before_other_namespaces_too() -> None:
    async def story() -> None:
        async with stage(limits=Limits(messages_per_s=1, messages_burst=6)) as place:
            open_other(place)
            for packet in ('42/other,["connect",{}]', '42/other,["*"]', "42/other,{}", '43/other,1["a"]'):
                client = await place.joined()
                await client.send(packet)
                assert (await client.closing())[0] == 1008
            client = await place.joined()
            await client.send('40/other,{"token":"let me in"}')
            await client.receive()
            for _ in range(10):
                await client.send('42/other,["echo"]')
            assert (await client.closing()) == (1008, "too many messages")

    run(story())


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (['453-["echo",1]'], 1009),  # more than are allowed
        (['450-["echo",1]', b"x"], 1003),  # none announced, one sent
        (['451-["echo",{"_placeholder":true,"num":1}]', b"x"], 1008),  # a placeholder for nothing
        (['451-["echo",{"_placeholder":true,"num":-1}]', b"x"], 1008),
        (['451-["echo",{"_placeholder":true,"num":true}]', b"x"], 1008),
        (['452-["echo",1]', b"x" * 4000, b"x" * 4000], 1009),  # too large together
        (['451-["echo",1]', '42["hello",{}]'], 1008),  # something else in between
        (['451-["connect",1]', b"x"], 1008),
        (['451-/nowhere,["echo",1]', b"x"], 1008),
        (['461-1["echo"]', b"x"], 1008),  # an ack: nobody asked for one
        (["451-", b"x"], 1008),
        ([b"x"], 1003),
    ],
)
def test_attachments_are_bounded_and_complete_or_the_socket_is_closed(
    messages: list[str | bytes], code: int
) -> None:
    async def story() -> None:
        async with stage(limits=BINARY) as place:
            echo(place)
            client = await place.joined()
            for message in messages:
                await client.send(message)
            assert (await client.closing())[0] == code
            await until(lambda: place.sockets == 0)

    run(story())


def test_bytes_reach_only_the_handlers_made_for_them() -> None:
    """The application's own events are JSON; a placeholder must not smuggle bytes into them."""

    async def story() -> None:
        async with stage(limits=BINARY) as place:
            client = await place.joined()
            await client.send('451-9["hello",{"a":{"_placeholder":true,"num":0}}]')
            await client.send(b"\x01")
            answer = json.loads((await client.receive())[3:])
            assert answer[0]["error"]["code"] == "invalid"
            assert place.app.seen == []

    run(story())


def test_after_disconnect_nothing_reaches_the_session_and_the_connection_ends_by_itself() -> None:
    async def story() -> None:
        limits = Limits(connect_timeout_s=1.5, ping_interval_s=1, ping_timeout_s=1)
        async with stage(limits=limits) as place:
            heard: list[Any] = []
            place.engine.on_heartbeat = lambda _sid, _session, data, _reply: heard.append(data)
            client = await place.joined(rooms=["r"])
            await client.send("41")
            await client.send('421["heartbeat",{}]')
            await client.send('422["hello",{}]')
            await until(lambda: len(place.app.left) == 1)
            assert place.app.left[0][2] == "client disconnect"
            assert place.engine.broadcast("r", "news", {}) == 0
            assert place.engine.send(client.sid, "news", {}) is False
            assert await place.engine.emit(client.sid, "news") is False
            assert place.engine.enter(client.sid, "r") is False
            assert place.engine.session(client.sid) is None
            assert place.engine.stats()["ready"] == 0
            assert await client.receive() == "2"  # as the protocol wants it: only the session is over
            await client.send("3")
            assert await client.closing() == (1008, "no CONNECT in time")
            assert (heard, place.app.seen, len(place.app.left)) == ([], [], 1)

    run(story())


def test_a_session_is_not_begun_again_on_the_same_connection() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            await client.send("41")
            await client.send("40{}")
            assert await client.closing() == (1008, "CONNECT may be sent once")
            assert len(place.app.left) == 1

    run(story())


def test_a_handler_that_outlives_its_session_changes_nothing() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            await client.send('421["slow",{}]')
            await until(lambda: bool(place.app.seen))
            await client.send("41")
            await until(lambda: bool(place.app.left))
            place.app.release.set()
            await until(lambda: place.engine.stats()["tasks"] == 0)
            assert place.engine.enter(client.sid, "r") is False
            await asyncio.sleep(0)
            assert place.engine.stats()["rooms"] == 0

    run(story())
