"""RFC 6455 frames, without any IO: a strict incremental parser and the server's unmasked frames.

Server frames carry no mask, so one encoded frame is the same bytes for every watcher of a room.
"""

from __future__ import annotations

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_CONTINUATION = 0x0
_CONTROL_MAX = 125
_FRAGMENTS_MAX = 128  # a message in more pieces is an attack on our patience, not a message

NORMAL, GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, BAD_TEXT, POLICY, TOO_BIG, INTERNAL = (
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011,
)  # fmt: skip
SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013  # both ask the client to come back


class FrameError(Exception):
    """The peer broke RFC 6455; `code` is the close code that says how."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{code} {reason}")


class FrameParser:
    """Turns a client's bytes into whole messages and control frames, in order.

    Nothing larger than `max_size` bytes is ever buffered: a frame that announces more is refused
    when its header arrives. No extension is negotiated, so reserved bits must be zero.
    """

    __slots__ = ("_buffer", "_fragments", "_max_size", "_need", "_opcode", "_size")

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._buffer: bytearray | None = None  # an incomplete frame
        self._need = 0  # bytes the buffer must hold before parsing on is worth it
        self._fragments: list[bytes] | None = None  # of an incomplete message
        self._opcode = 0
        self._size = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the `(opcode, payload)` pairs completed by `data`; raises `FrameError`."""
        if self._buffer is not None:
            self._buffer += data
            if len(self._buffer) < self._need:
                return []
            data = bytes(self._buffer)
            self._buffer = None
        complete: list[tuple[int, bytes]] = []
        position, end = 0, len(data)
        while position < end:
            frame_end, payload_start = self._measure(data, position, end)
            if frame_end > end:
                self._buffer = bytearray(data[position:])
                self._need = frame_end - position
                break
            payload = _unmask(data[payload_start:frame_end], data[payload_start - 4 : payload_start])
            message = self._assemble(data[position], payload)
            if message is not None:
                complete.append(message)
            position = frame_end
        return complete

    def _measure(self, data: bytes, position: int, end: int) -> tuple[int, int]:
        """Where the frame at `position` ends and its payload starts, judging what is known of it.

        When even the header is incomplete, the returned end lies beyond the data: the least
        position at which parsing can go on.
        """
        if end - position < 2:
            return position + 2, 0
        head, length = data[position], data[position + 1]
        if not length & 0x80:
            raise FrameError(PROTOCOL_ERROR, "client frames must be masked")
        self._judge_head(head)
        length &= 0x7F
        payload_start = position + 6
        if length > _CONTROL_MAX:
            if head & 0x08:
                raise FrameError(PROTOCOL_ERROR, "control frame too long")
            width = 2 if length == 126 else 8
            payload_start += width
            if end < payload_start:
                return payload_start, payload_start
            length = int.from_bytes(data[position + 2 : position + 2 + width], "big")
            if length < (126 if width == 2 else 0x10000):
                raise FrameError(PROTOCOL_ERROR, "length not minimally encoded")
        if not head & 0x08 and self._size + length > self._max_size:
            raise FrameError(TOO_BIG, f"messages may hold {self._max_size} bytes")
        return payload_start + length, payload_start

    def _judge_head(self, head: int) -> None:
        if head & 0x70:
            raise FrameError(PROTOCOL_ERROR, "reserved bits set")
        opcode = head & 0x0F
        if opcode in (TEXT, BINARY):
            if self._fragments is not None:
                raise FrameError(PROTOCOL_ERROR, "a message began inside another")
        elif opcode == _CONTINUATION:
            if self._fragments is None:
                raise FrameError(PROTOCOL_ERROR, "a continuation of nothing")
        elif opcode not in (CLOSE, PING, PONG):
            raise FrameError(PROTOCOL_ERROR, "unknown opcode")
        elif not head & 0x80:
            raise FrameError(PROTOCOL_ERROR, "fragmented control frame")

    def _assemble(self, head: int, payload: bytes) -> tuple[int, bytes] | None:
        opcode, final = head & 0x0F, head & 0x80
        if opcode >= CLOSE:
            return opcode, payload
        if self._fragments is None:
            if final:
                return opcode, payload
            self._fragments, self._opcode, self._size = [payload], opcode, len(payload)
            return None
        self._fragments.append(payload)
        self._size += len(payload)
        if final:
            message = self._opcode, b"".join(self._fragments)
            self._fragments, self._size = None, 0
            return message
        if len(self._fragments) >= _FRAGMENTS_MAX:
            raise FrameError(POLICY, "too many fragments")
        return None


def text_frame(payload: bytes) -> bytes:
    """A whole text message, ready for any number of sockets."""
    return _frame(0x80 | TEXT, payload)


def binary_frame(payload: bytes) -> bytes:
    """A whole binary message."""
    return _frame(0x80 | BINARY, payload)


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping frame."""
    return _frame(0x80 | PONG, payload)


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; the reason is cut to what a control frame holds."""
    text = reason.encode()[: _CONTROL_MAX - 2].decode(errors="ignore").encode()
    return _frame(0x80 | CLOSE, code.to_bytes(2, "big") + text)


def read_close(payload: bytes) -> int:
    """The code in a peer's close frame (1000 when it gives none); raises `FrameError` on a false one."""
    if not payload:
        return NORMAL
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in _CLOSE_CODES or 3000 <= code <= 4999):
        raise FrameError(PROTOCOL_ERROR, "bad close code")
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise FrameError(BAD_TEXT, "bad close reason") from None
    return code


_CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


def _frame(head: int, payload: bytes) -> bytes:
    size = len(payload)
    if size <= _CONTROL_MAX:
        return bytes((head, size)) + payload
    if size < 0x10000:
        return bytes((head, 126)) + size.to_bytes(2, "big") + payload
    return bytes((head, 127)) + size.to_bytes(8, "big") + payload


def _unmask(payload: bytes, key: bytes) -> bytes:
    """XOR with the repeated 4-byte key. As two large integers it is one C loop, not one per byte."""
    size = len(payload)
    pad = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")
