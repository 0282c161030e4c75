"""How much one socket, and all of them together, may ask of this process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes. The defaults are the promises of reliability.md."""

    message_bytes: int = 64 * 1024  # one websocket message from a client
    connect_timeout_s: float = 10  # from the websocket handshake to a completed CONNECT
    ping_interval_s: int = 25  # whole seconds: below 1 the protocol would advertise 0
    ping_timeout_s: int = 20  # how long past a missing ping a client waits before it reconnects
    stall_timeout_s: float = 20  # a reader that takes nothing for this long is let go
    close_timeout_s: float = 5  # a peer that does not answer our close frame is cut off
    messages_per_s: float = 50  # sustained, per socket; beyond it acks say `busy`
    messages_burst: int = 200  # a phone flushing what it kept while offline; twice this ends the socket
    attachments: int = 0  # binary attachments of one event, all within `message_bytes`; 0: no binary at all
    inbox_messages: int = 32  # unfinished events of one socket before we stop reading from it
    backlog_bytes: int = 1024 * 1024  # unsent bytes kept for one slow reader
    write_high_water_bytes: int = 32 * 1024  # unsent bytes in the transport that make a reader slow
    handshakes_per_s: float = 500  # admission, all sockets together
    handshakes_burst: int = 1000
    drain_s: float = 4  # a drain spreads its closes over this long

    def __post_init__(self) -> None:
        if self.ping_interval_s < 1 or self.ping_timeout_s < 1:
            raise ValueError("ping times are whole seconds, at least 1")
