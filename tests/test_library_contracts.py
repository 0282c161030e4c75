"""The private hooks we stand on, each pinned: a release that changes one fails here, loudly and by name.

Versions these were read in: python-socketio 5.18.1, python-engineio 4.15.1, uvicorn 0.54.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import engineio
import pytest
import socketio
from engineio import packet as engine_packets
from engineio.async_socket import AsyncSocket
from socketio import packet as socket_packets
from socketio.base_manager import BaseManager
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import Server, ServerState

from rooms.audience import Audience
from rooms.connection import Connection
from rooms.guard import BinaryPacket, StrictPacket
from rooms.hub import Hub, run_now
from rooms.limits import Limits
from rooms.stage import Stage
from rooms.transport import DirectWebSocketProtocol


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_handle_eio_connect", ["self", "eio_sid", "environ"]),
        ("_handle_eio_disconnect", ["self", "eio_sid", "reason"]),
        ("_handle_connect", ["self", "eio_sid", "namespace", "data"]),
        ("_handle_event", ["self", "eio_sid", "namespace", "id", "data"]),
        ("_send_packet", ["self", "eio_sid", "pkt"]),
    ],
)
def test_the_server_methods_the_hub_calls_take_what_it_gives(name: str, expected: list[str]) -> None:
    method = getattr(socketio.AsyncServer, name)
    assert inspect.iscoroutinefunction(method)
    assert parameters(method) == expected


def test_the_manager_replaces_all_storage_of_the_base_manager() -> None:
    """Whatever of the base class reads its `rooms` must be overridden: ours stay empty."""
    untouched = {
        name
        for name, member in inspect.getmembers(BaseManager, inspect.isfunction)
        if "self.rooms" in inspect.getsource(member)
        and getattr(Audience, name) is getattr(socketio.AsyncManager, name)
    }
    assert untouched == set()


def test_an_emit_without_a_room_is_refused() -> None:
    """It would reach sockets that are not yet authenticated."""
    with pytest.raises(ValueError, match="room"):
        list(Audience().get_participants("/", None))


def test_ping_times_that_would_be_advertised_as_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        Limits(ping_interval_s=0)


def test_the_manager_methods_keep_the_shapes_the_server_calls() -> None:
    for name in ("pre_connect", "connect", "is_connected", "pre_disconnect", "sid_from_eio_sid"):
        ours, theirs = getattr(Audience, name), getattr(socketio.AsyncManager, name)
        assert parameters(ours) == parameters(theirs), name
        assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs), name


def test_the_server_reads_nothing_of_a_socket_that_ours_does_not_have() -> None:
    """`Connection` skips `BaseSocket.__init__`; the paths used from `_get_socket` and `send` need these."""
    assert "s.closed" in inspect.getsource(engineio.AsyncServer._get_socket)
    assert "await socket.send(pkt)" in inspect.getsource(engineio.AsyncServer.send_packet)
    assert parameters(AsyncSocket.send) == parameters(Connection.send)
    assert parameters(AsyncSocket.close) == parameters(Connection.close)


def test_packet_numbers_are_those_of_the_wire() -> None:
    assert (engine_packets.OPEN, engine_packets.PING, engine_packets.PONG, engine_packets.MESSAGE) == (
        0,
        2,
        3,
        4,
    )
    assert (socket_packets.CONNECT, socket_packets.DISCONNECT, socket_packets.EVENT) == (0, 1, 2)
    assert (socket_packets.ACK, socket_packets.CONNECT_ERROR) == (3, 4)


def test_our_packet_class_stays_ours_and_the_process_wide_json_untouched() -> None:
    async def answer(*_: Any) -> dict[str, Any]:
        return {}

    hub = Hub(answer, answer, lambda *_: None, lambda: None, Limits())
    assert hub._sio.packet_class is StrictPacket
    assert socket_packets.Packet.json is engine_packets.Packet.json
    assert engine_packets.Packet.json.__name__ == "engineio.json"
    assert StrictPacket(socket_packets.ACK, [{"a": 1}], id=7).encode() == '37[{"a":1}]'


def test_one_session_from_connect_to_disconnect_never_suspends_where_we_do_not_wait() -> None:
    """Everything `run_now` drives, and the way back through python-socketio to our socket's `send`."""
    told: list[Any] = []

    class Wire:
        paused = False

        def __init__(self) -> None:
            self.frames: list[bytes] = []

        def write(self, frame: bytes) -> None:
            self.frames.append(frame[2:])

    async def on_connect(sid: str, auth: dict[str, Any], environ: dict[str, Any]) -> str:
        told.append((auth, environ))
        return "session"

    async def on_event(sid: str, session: Any, event: str, data: dict[str, Any]) -> dict[str, Any]:
        told.append((session, event, data))
        return {"ok": True}

    async def story() -> None:
        hub = Hub(on_connect, on_event, lambda *left: told.append(left), lambda: None, Limits())
        connection = hub.open({"HTTP_HOST": "x"})
        wire = connection.wire = Wire()  # type: ignore[assignment]
        run_now(hub.dispatch(connection, StrictPacket(encoded_packet='0{"token":"t"}')))
        assert connection.stage is Stage.READY
        assert hub._sio.environ == {}
        run_now(hub.dispatch(connection, StrictPacket(encoded_packet='27["hello",{"a":1}]')))
        connection.on_lost("transport close")
        assert wire.frames == [b'40{"sid":"%s"}' % connection.sid.encode(), b'437[{"ok":true}]']
        assert told == [
            ({"token": "t"}, {"HTTP_HOST": "x"}),
            ("session", "hello", {"a": 1}),
            (connection.sid, "session", "transport close"),
        ]
        assert hub.audience.connections == {}
        hub.wheel.stop()

    asyncio.run(story())


def test_the_stock_servers_own_manager_and_packets_do_what_the_stock_path_relies_on() -> None:
    """`rooms/stock.py` drives these four, and drops what a CONNECT that never ended left in the manager."""
    assert parameters(socketio.AsyncServer._handle_connect) == ["self", "eio_sid", "namespace", "data"]
    assert parameters(socketio.AsyncServer._handle_disconnect) == ["self", "eio_sid", "namespace", "reason"]
    assert parameters(socketio.AsyncServer._handle_event) == ["self", "eio_sid", "namespace", "id", "data"]
    assert parameters(socketio.AsyncServer._send_packet) == ["self", "eio_sid", "pkt"]
    # A CONNECT whose connection left is taken for a new one: why `Stock.forget` leaves those alone.
    assert "if not self.is_pre_connected(sid, namespace):" in inspect.getsource(socketio.AsyncManager.connect)
    packet = BinaryPacket(encoded_packet='51-["a",{"_placeholder":true,"num":0}]')
    assert (packet.attachment_count, packet.add_attachment(b"x")) == (1, True)
    assert packet.data == ["a", b"x"]
    assert BinaryPacket(socket_packets.EVENT, ["a", b"x"]).encode() == [
        '51-["a",{"_placeholder":true,"num":0}]',
        b"x",
    ]


def test_a_coroutine_that_would_wait_is_refused_and_not_left_hanging() -> None:
    async def waits() -> None:
        await asyncio.sleep(1)

    async def story() -> None:
        with pytest.raises(RuntimeError, match="suspended"):
            run_now(waits())

    asyncio.run(story())


def test_uvicorn_builds_and_feeds_a_websocket_protocol_as_ours_expects() -> None:
    source = inspect.getsource(HttpToolsProtocol.handle_websocket_upgrade)
    for line in (
        "config=self.config,",
        "server_state=self.server_state,",
        "app_state=self.app_state,",
        "protocol.connection_made(self.transport)",
        'protocol.data_received(b"".join(output))',
        "self.transport.set_protocol(protocol)",
    ):
        assert line in source
    needed = set(parameters(DirectWebSocketProtocol.__init__))
    assert needed <= set(parameters(WebSocketsSansIOProtocol.__init__))
    state = ServerState()
    assert state.connections == set()
    assert state.tasks == set()


def test_uvicorn_asks_each_connection_to_shut_down_and_waits_for_it() -> None:
    source = inspect.getsource(Server.shutdown) + inspect.getsource(Server._wait_tasks_to_complete)
    assert "connection.shutdown()" in source
    assert "while self.server_state.connections" in source


def test_the_http_protocol_has_the_callbacks_our_deadlines_hang_on() -> None:
    for name in ("on_headers_complete", "on_message_complete", "data_received", "handle_websocket_upgrade"):
        assert callable(getattr(HttpToolsProtocol, name))
    source = inspect.getsource(HttpToolsProtocol)
    assert "self.cycle: RequestResponseCycle = None" in source
    assert "self.parser = None" in source  # in connection_lost: nothing uses it after that


def test_the_traps_we_guard_against_are_still_there() -> None:
    """When one of these fails, a guard may have become needless: look at it, then at the trap table."""
    manager = inspect.getsource(BaseManager.basic_disconnect)
    assert "for room_name, room in self.rooms[namespace].copy().items()" in manager
    assert "data[0]" in inspect.getsource(socketio.AsyncServer._handle_event_internal)
    assert socketio.AsyncServer.reserved_events == ["connect", "disconnect"]
