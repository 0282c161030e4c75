"""Calls the darkroom: one process per photo, two at a time, each with an end in time.

Starting the process costs 0.06 s of a core, a photo of 12 megapixels 0.4 s: a pool of processes would save an
eighth, and a decoder that one photo took over would see the next. What comes back is read as strictly as
any stranger's bytes, because a decoder that was taken over can say anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, cast

import msgspec
from msgspec import Meta

from db.errors import Invalid, Unavailable
from tracker.evidence.darkroom import CPU_S, FORMATS, MAX_PIXELS, MAX_SIDE, MIN_SIDE

PROGRAM = Path(__file__).with_name("darkroom.py")
AT_ONCE = 2  # a large photo takes 300 MB and a core
DEADLINE_S = CPU_S + 5.0
MEDIA_TYPES = tuple(FORMATS)
MAX_OUTPUT = 32 * 1024 * 1024  # more than a picture of our largest size takes, whatever it shows
_PIECE = 256 * 1024
_MAGIC = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
_PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
)  # what Python may need to start; no secret of ours
_WORDS = {
    "empty": "The file is empty.",
    "not_that_type": "The file is not what its Content-Type says.",
    "too_many_pixels": f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.",
    "too_small": f"The picture has less than {MIN_SIDE} pixels on one side.",
    "unreadable": "The file is damaged.",
    "took_too_long": "The picture could not be read in time.",
}


class PhotoRefused(Invalid):
    """This file does not become a photo; `reason` says why."""

    code = "photo_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(_WORDS[reason], reason=reason)


class DarkroomClosed(Unavailable):
    """Photos cannot be read just now; nothing was kept. Please retry."""

    code = "darkroom_closed"


@dataclass(frozen=True, slots=True)
class Developed:
    """A picture of ours with its thumbnail, and what the camera had written into the original."""

    picture: bytes
    thumbnail: bytes
    media_type: str
    width: int
    height: int
    exif: dict[str, Any]


class _Refusal(msgspec.Struct, forbid_unknown_fields=True):
    """What the darkroom says of bytes that are no picture."""

    refused: Literal["not_that_type", "too_many_pixels", "too_small", "unreadable"]


class _Exif(TypedDict, total=False):
    """`darkroom.exif_facts`."""

    taken: str
    offset: str
    software: str
    gps_date: str
    gps_time: tuple[float, float, float]
    lat: float
    lng: float
    accuracy_m: float


class _Facts(msgspec.Struct, forbid_unknown_fields=True):
    """What it says of a picture."""

    media_type: Literal["image/jpeg", "image/png"]
    width: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Meta(ge=1, le=MAX_SIDE)]
    bytes: Annotated[int, Meta(ge=1, le=MAX_OUTPUT)]
    exif: _Exif


class Darkroom:
    """One per process."""

    def __init__(self, *, at_once: int = AT_ONCE, deadline_s: float = DEADLINE_S) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._deadline_s = deadline_s

    async def develop(
        self, data: bytes, media_type: str, *, signature: bool, portrait: bool = False
    ) -> Developed:
        """`data`, which says to be of `media_type`, drawn anew. Raises PhotoRefused, DarkroomClosed."""
        if not data:
            raise PhotoRefused("empty")
        asked = {"media_type": media_type, "signature": signature, "portrait": portrait}
        header = msgspec.json.encode(asked)
        async with self._places:
            return _read(await self._run(header + b"\n", data))

    async def _run(self, header: bytes, data: bytes) -> bytes:
        """What the process says; nothing when it crashed, or reached the end of its memory or time."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                str(PROGRAM),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            )
        except OSError as error:
            raise DarkroomClosed from error
        try:
            async with asyncio.timeout(self._deadline_s):
                output, _ = await asyncio.gather(_receive(process), _send(process, header, data))
                await process.wait()
        except TimeoutError:
            raise PhotoRefused("took_too_long") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return output if process.returncode == 0 else b""


async def _send(process: asyncio.subprocess.Process, header: bytes, data: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it ended early; its answer says why
        process.stdin.writelines([header, data])
        await process.stdin.drain()
    process.stdin.close()


async def _receive(process: asyncio.subprocess.Process) -> bytes:
    """All that the process says; it is ended when that is more than any picture."""
    assert process.stdout is not None
    output = bytearray()
    while piece := await process.stdout.read(_PIECE):
        output += piece
        if len(output) > MAX_OUTPUT:
            process.kill()
            return b""
    return bytes(output)


def _read(output: bytes) -> Developed:
    """The picture in what the darkroom said. Raises PhotoRefused."""
    line, _, pictures = output.partition(b"\n")
    try:
        if line.startswith(b'{"refused"'):
            raise PhotoRefused(msgspec.json.decode(line, type=_Refusal).refused)
        facts = msgspec.json.decode(line, type=_Facts)
    except msgspec.DecodeError:
        raise PhotoRefused("unreadable") from None
    picture, thumbnail = pictures[: facts.bytes], pictures[facts.bytes :]
    if not all(part.startswith(_MAGIC[facts.media_type]) for part in (picture, thumbnail)):
        raise PhotoRefused("unreadable")
    exif = cast(dict[str, Any], facts.exif)
    return Developed(picture, thumbnail, facts.media_type, facts.width, facts.height, exif)
