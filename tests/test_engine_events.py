"""What an ordinary client gets: CONNECT, acks in order, rooms, and a goodbye that is noticed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio

from tests.engine_stage import Stage, run, stage, until


def test_a_client_connects_calls_and_leaves() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.sio(token="t")
            assert await client.call("hello", {"a": 1}) == {"ok": True, "echo": {"a": 1}}
            assert place.engine.stats()["ready"] == 1
            await client.disconnect()
            await until(lambda: place.sockets == 0)
            ((_, session, reason),) = place.app.left
            assert session["token"] == "t"
            assert reason == "client disconnect"

    run(story())


def test_a_refused_connect_says_why_and_whether_to_retry() -> None:
    async def refusal(place: Stage, token: str) -> dict[str, Any]:
        heard: list[dict[str, Any]] = []
        client = socketio.AsyncClient(reconnection=False)
        client.on("connect_error", heard.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(place.url, transports=["websocket"], auth={"token": token})
        return heard[0]

    async def story() -> None:
        async with stage() as place:
            forbidden = await refusal(place, "forbidden")
            assert forbidden == {
                "message": "This is not for you.",
                "data": {"code": "forbidden", "retry": False},
            }
            down = await refusal(place, "database down")
            assert down["data"] == {"code": "unavailable", "retry": True}
            await until(lambda: place.sockets == 0)
            assert place.app.left == []

    run(story())


def test_a_bug_in_the_connect_handler_is_a_refusal_and_not_a_leak(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.raw()
            await client.send('40{"token":"bug"}')
            answer = await client.receive()
            assert answer.startswith("44")
            assert '"code":"internal"' in answer
            assert '"retry":true' in answer
            assert "KeyError" not in answer
            code, _ = await client.closing()
            assert code == 1008
            await until(lambda: place.sockets == 0)

    run(story())
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_a_bug_in_an_event_handler_is_acked_logged_once_and_survived(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            answer = await client.ask('421["bug",{}]')
            assert answer["ok"] is False
            assert answer["error"]["code"] == "internal"
            assert answer["error"]["retry"] is True
            assert answer["error"]["id"] in caplog.text
            assert (await client.ask('422["hello",{}]'))["ok"] is True
            await client.close()

    run(story())
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_a_problem_in_an_event_handler_is_its_ack() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            assert await client.ask('421["forbidden",{}]') == {
                "ok": False,
                "error": {"code": "forbidden", "message": "You may not do this.", "retry": False},
            }

    run(story())


def test_the_events_of_one_client_are_handled_in_order() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            await client.send('421["slow",{}]')
            for number in range(5):
                await client.send(f'42["fast",{{"n":{number}}}]')
            await client.send('422["last",{}]')
            await asyncio.sleep(0.1)
            assert [event for event, _ in place.app.seen] == ["slow"]
            place.app.release.set()
            assert (await client.receive()).startswith("431")
            assert (await client.receive()).startswith("432")
            assert [data.get("n") for event, data in place.app.seen if event == "fast"] == [0, 1, 2, 3, 4]

    run(story())


def test_a_slow_handler_of_one_client_does_not_hold_up_another() -> None:
    async def story() -> None:
        async with stage() as place:
            slow, quick = await place.joined(), await place.joined()
            await slow.send('421["slow",{}]')
            assert (await quick.ask('421["hello",{}]'))["ok"] is True

    run(story())


def test_a_client_that_outruns_its_handler_is_read_no_further_until_it_catches_up() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            await client.send('421["slow",{}]')
            await until(lambda: bool(place.app.seen))
            for number in range(100):
                await client.send(f'42["n",{{"n":{number}}}]')
            await client.send('422["last",{}]')
            place.app.release.set()
            await client.receive()
            assert (await client.receive()).startswith("432")
            assert [data["n"] for event, data in place.app.seen if event == "n"] == list(range(100))

    run(story())


def test_a_room_hears_what_is_broadcast_to_it_and_nobody_else_does() -> None:
    async def story() -> None:
        async with stage() as place:
            inside = [await place.joined(rooms=["job:1"]) for _ in range(3)]
            outside = await place.joined(rooms=["job:2"])
            text = {"text": "é" * 300}
            assert place.engine.broadcast("job:1", "news", text) == 3
            assert place.engine.broadcast("job:3", "news", text) == 0
            for client in inside:
                assert await client.receive() == '42["news",{"text":"' + "é" * 300 + '"}]'
            assert place.engine.send(outside.sid, "only", {}) is True
            assert await outside.receive() == '42["only",{}]'
            assert set(place.engine.members("job:1")) == {client.sid for client in inside}

    run(story())


def test_entering_and_leaving_take_effect_at_once() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined(rooms=["a"])
            place.engine.enter(client.sid, "b")
            assert set(place.engine.rooms_of(client.sid)) == {"a", "b"}
            place.engine.leave(client.sid, "a")
            assert place.engine.broadcast("a", "x", {}) == 0
            assert place.engine.broadcast("b", "x", {}) == 1
            await client.close()
            await until(lambda: place.sockets == 0)
            assert place.engine.enter(client.sid, "a") is False
            assert place.engine.send(client.sid, "x", {}) is False
            assert place.engine.session(client.sid) is None

    run(story())


def test_what_is_sent_while_connecting_arrives_right_behind_the_answer() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.raw()
            await client.send('40{"token":"slow"}')
            await place.app.connecting.wait()
            (sid,) = place.engine._audience.connections
            place.engine.enter(sid, "r")
            place.engine.broadcast("r", "early", {})
            place.app.release.set()
            assert (await client.receive()).startswith("40")
            assert await client.receive() == '42["early",{}]'

    run(story())


def test_a_heartbeat_takes_the_synchronous_path_and_may_be_answered_later() -> None:
    async def story() -> None:
        async with stage() as place:
            replies: list[Any] = []
            place.engine.on_heartbeat = lambda _sid, session, data, reply: replies.append(
                (session, data, reply)
            )
            client = await place.joined(token="pro")
            await client.send('427["heartbeat",{"lat":1.5}]')
            await client.send('42[ "heartbeat" , {"lat":2}]')
            await until(lambda: len(replies) == 2)
            assert [data for _, data, _ in replies] == [{"lat": 1.5}, {"lat": 2}]
            assert replies[0][0]["token"] == "pro"
            assert place.engine.stats()["tasks"] == 0
            replies[1][2]({"ok": True})  # no ack was asked for
            replies[0][2]({"ok": True, "accepted": 1})
            assert await client.receive() == '437[{"ok":true,"accepted":1}]'
            await client.close()
            await until(lambda: place.sockets == 0)
            replies[0][2]({"ok": True})  # nobody is there any more

    run(story())


def test_a_bug_on_the_synchronous_path_is_acked_too(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with stage() as place:

            def heartbeat(*_: Any) -> None:
                raise ZeroDivisionError

            place.engine.on_heartbeat = heartbeat
            client = await place.joined()
            answer = await client.ask('421["heartbeat",{}]')
            assert answer["error"]["code"] == "internal"

    run(story())
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_a_disconnect_by_the_server_tells_the_client_not_to_return() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined(rooms=["r"])
            place.engine.disconnect(client.sid, "your right has ended")
            assert place.engine.broadcast("r", "secret", {}) == 1  # still a member, hears nothing
            assert await client.receive() == "41"
            assert await client.closing() == (1008, "your right has ended")
            assert [reason for _, _, reason in place.app.left] == ["your right has ended"]

    run(story())


def test_a_disconnect_with_retry_invites_the_client_back() -> None:
    async def story() -> None:
        async with stage() as place:
            client = await place.joined()
            place.engine.disconnect(client.sid, "try the other node", retry=True)
            assert await client.closing() == (1013, "try the other node")

    run(story())


def test_an_exception_on_disconnect_leaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with stage() as place:
            calls: list[str] = []

            def on_disconnect(sid: str, session: Any, reason: str) -> None:
                calls.append(sid)
                raise TypeError("the library would call again with fewer arguments")

            place.engine._hub._on_disconnect = on_disconnect
            client = await place.joined(rooms=["r"])
            await client.close()
            await until(lambda: place.sockets == 0)
            assert calls == [client.sid]
            assert place.engine.members("r") == []

    run(story())
    assert "TypeError" in caplog.text
