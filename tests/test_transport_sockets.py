"""The WebSocket protocol on a real socket: closing, pings, bad bytes, TLS, and letting go."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rooms.limits import Limits
from tests import engine_stage
from tests.engine_stage import TEXT, UPGRADE, run, stage, until

CONTINUATION, BINARY, CLOSE, PING, PONG = 0x0, 0x2, 0x8, 0x9, 0xA


@pytest.fixture(autouse=True, params=engine_stage.LOOPS)
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transports differ between the loops: every story here is told on both."""
    monkeypatch.setattr(engine_stage, "loop_name", request.param)


def test_a_ping_is_answered_with_its_own_payload() -> None:
    async def story() -> None:
        async with stage() as place:
            bare = await place.bare()
            bare.send(PING, b"are you there")
            assert await bare.frame() == (PONG, b"are you there")
            bare.send(PONG, b"unasked")
            bare.send(TEXT, b'421["hello",{}]')
            assert (await bare.frame())[1].startswith(b"431")
            bare.close()

    run(story())


def test_a_message_in_fragments_and_single_bytes_is_understood() -> None:
    async def story() -> None:
        async with stage() as place:
            bare = await place.bare()
            bare.send(TEXT, b'421["h', final=False)
            bare.send(PING, b"between")
            bare.send(CONTINUATION, "ell\u00f6".encode()[:4], final=False)
            bare.send(CONTINUATION, "ell\u00f6".encode()[4:] + b'",{}]')
            assert await bare.frame() == (PONG, b"between")
            assert (await bare.frame())[1] == b'431[{"ok":true,"echo":{}}]'
            assert [event for event, _ in place.app.seen] == ["hell\u00f6"]
            bare.close()

            whole = await place.bare()
            body = '421["hellö",{"x":1}]'.encode()
            frame = b"\x81" + bytes([0x80 | len(body)]) + b"\0\0\0\0" + body
            for byte in frame:
                whole.writer.write(bytes([byte]))
                await whole.writer.drain()
                await asyncio.sleep(0.001)
            assert (await whole.frame())[1] == b'431[{"ok":true,"echo":{"x":1}}]'
            whole.close()

    run(story())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\x81\x05hello", 1002),  # not masked
        (b"\xc1\x85abcdhello", 1002),  # compressed without having agreed
        (b"\x83\x80abcd", 1002),  # an opcode that does not exist
        (b"\x80\x80abcd", 1002),  # goes on with nothing
        (b"\x81\x82\0\0\0\0\xc3\x28", 1007),  # not UTF-8
        (b"\x81\x83\0\0\0\0\xed\xa0\x80", 1007),  # a surrogate
        (b"\x88\x81\0\0\0\0\x03", 1002),  # half a close code
        (b"\x88\x82\0\0\0\0\x03\xee", 1002),  # a code nobody may send
        (b"\x81\xff\0\0\0\x01\0\0\0\0abcd", 1009),  # announces 4 GB
        (b"\x82\x81\0\0\0\0x", 1003),  # binary
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1002),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 1002),  # a TLS hello
    ],
)
def test_broken_bytes_get_a_close_code_and_nothing_is_logged(
    raw: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=0.3)) as place:
            bare = await place.bare()
            bare.writer.write(raw)
            assert await bare.closing() == code
            assert place.sockets == 0
            assert await bare.reader.read() == b""  # and then the connection ends by itself
            bare.close()

    run(story())
    assert [record.getMessage() for record in caplog.records if record.levelno >= 30] == []


def test_the_closing_handshake_is_completed_in_both_directions() -> None:
    async def story() -> None:
        async with stage() as place:
            leaving = await place.bare()
            leaving.send(CLOSE, b"\x0b\xb8bye")
            assert await leaving.frame() == (CLOSE, b"\x0b\xb8")
            assert await leaving.reader.read() == b""
            assert [reason for _, _, reason in place.app.left] == ["client disconnect"]

            ended = await place.bare()
            place.engine.disconnect(ended.sid, "enough", retry=True)
            assert await ended.closing() == 1013
            ended.send(TEXT, b'421["hello",{}]')  # said before it heard us
            ended.send(CLOSE, b"\x03\xf5")
            assert await ended.reader.read() == b""
            assert place.app.seen == []
            await until(lambda: place.engine.stats()["closing"] == 0)
            leaving.close()
            ended.close()

    run(story())


def test_a_peer_that_ignores_our_close_is_cut_off() -> None:
    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=0.3)) as place:
            bare = await place.bare()
            place.engine.disconnect(bare.sid, "enough", retry=True)
            assert await bare.closing() == 1013
            assert place.engine.stats()["closing"] == 1
            assert await bare.reader.read() == b""
            await until(lambda: place.engine.stats()["closing"] == 0)
            bare.close()

    run(story())


def test_a_peer_that_keeps_talking_after_breaking_the_protocol_is_cut_off() -> None:
    async def story() -> None:
        async with stage(limits=Limits(close_timeout_s=30)) as place:
            bare = await place.bare()
            bare.send(BINARY, b"x")
            bare.writer.write(b"\xff")
            written = 0
            with contextlib.suppress(OSError):
                while written < 100_000_000:
                    bare.writer.write(b"\xff" * 100_000)
                    await bare.writer.drain()
                    written += 100_000
            assert written < 20_000_000
            await until(lambda: place.engine.stats()["closing"] == 0)
            bare.close()

    run(story())


def test_a_client_that_speaks_before_the_handshake_is_answered_is_dropped() -> None:
    async def story() -> None:
        async with stage() as place:
            answer = place.server.config.loaded_app
            asked, go_on = asyncio.Event(), asyncio.Event()

            async def slow(scope: Any, receive: Any, send: Any) -> None:
                asked.set()
                await go_on.wait()
                await answer(scope, receive, send)

            place.server.config.loaded_app = slow
            reader, writer = await place.tcp()
            writer.write(UPGRADE)
            await asked.wait()
            writer.write(b"\x81\x85\0\0\0\0hello")
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            go_on.set()
            await until(lambda: not place.server.server_state.tasks)
            assert place.sockets == 0
            assert place.engine.stats()["accepted"] == 0
            writer.close()

    run(story())


def test_a_client_that_answers_no_ping_is_let_go_and_one_that_does_stays() -> None:
    async def story() -> None:
        async with stage(limits=Limits(ping_interval_s=1, close_timeout_s=0.3)) as place:
            silent, alive = await place.bare(), await place.sio()
            assert await silent.frame() == (TEXT, b"2")
            assert await silent.closing() == 1001
            assert [reason for _, _, reason in place.app.left] == ["ping timeout"]
            await asyncio.sleep(1.5)
            assert alive.connected
            assert (await alive.call("hello", {}))["ok"] is True
            await alive.disconnect()
            silent.close()

    run(story())


def test_a_connection_that_breaks_off_is_noticed_at_once() -> None:
    async def story() -> None:
        async with stage() as place:
            bares = [await place.bare(rooms=["r"]) for _ in range(20)]
            for bare in bares:
                bare.close()
            await until(lambda: place.sockets == 0)
            assert {reason for _, _, reason in place.app.left} <= {"transport close", "transport error"}
            assert len(place.app.left) == 20
            await until(lambda: not place.server.server_state.connections)

    run(story())


def test_it_works_over_tls(tmp_path: Path) -> None:
    key_file, certificate_file = _self_signed(tmp_path)

    async def story() -> None:
        async with stage(ssl_keyfile=str(key_file), ssl_certfile=str(certificate_file)) as place:
            trust = ssl.create_default_context(cafile=str(certificate_file))
            address = f"wss://127.0.0.1:{place.port}/socket.io/?EIO=4&transport=websocket"
            async with websockets.connect(address, ssl=trust, compression=None) as wire:
                assert str(await wire.recv()).startswith("0{")
                await wire.send('40{"rooms":["r"]}')
                assert str(await wire.recv()).startswith("40{")
                assert place.engine.broadcast("r", "news", {"text": "x" * 50_000}) == 1
                assert len(str(await wire.recv())) > 50_000
            await until(lambda: place.sockets == 0)
            assert place.app.environ["wsgi.url_scheme"] == "https"

    run(story())


def test_other_websocket_paths_are_left_to_the_application() -> None:
    async def not_found(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close"})

    async def story() -> None:
        async with stage() as place:
            place.server.config.loaded_app = not_found
            with pytest.raises(websockets.InvalidStatus) as refusal:
                await place.raw()
            assert refusal.value.response.status_code == 403

    run(story())


def test_an_application_that_fails_in_the_handshake_is_a_plain_500(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a bug")

    async def story() -> None:
        async with stage() as place:
            place.server.config.loaded_app = broken
            with pytest.raises(websockets.InvalidStatus) as refusal:
                await place.raw()
            assert refusal.value.response.status_code == 500
            assert b"bug" not in (refusal.value.response.body or b"")

    run(story())
    assert len([record for record in caplog.records if record.exc_info]) == 1


def _self_signed(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file
