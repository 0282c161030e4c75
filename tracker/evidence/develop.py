"""Calls the darkroom: one process per photo, two at a time, each with an end in time."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from db.errors import Invalid, Unavailable
from tracker.evidence.darkroom import CPU_S, FORMATS, MAX_PIXELS, MIN_SIDE

PROGRAM = Path(__file__).with_name("darkroom.py")
AT_ONCE = 2  # a large photo takes 300 MB and a core
DEADLINE_S = CPU_S + 5.0
MEDIA_TYPES = tuple(FORMATS)
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


class Darkroom:
    """One per process."""

    def __init__(self, *, at_once: int = AT_ONCE, deadline_s: float = DEADLINE_S) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._deadline_s = deadline_s

    async def develop(self, data: bytes, media_type: str, *, signature: bool) -> Developed:
        """`data`, which says to be of `media_type`, drawn anew. Raises PhotoRefused, DarkroomClosed."""
        if not data:
            raise PhotoRefused("empty")
        header = msgspec.json.encode({"media_type": media_type, "signature": signature})
        async with self._places:
            output = await self._run(header + b"\n" + data)
        line, _, pictures = output.partition(b"\n")
        if not line:  # it crashed, or reached the end of its memory or time inside the decoder
            raise PhotoRefused("unreadable")
        answer = msgspec.json.decode(line)
        if "refused" in answer:
            raise PhotoRefused(answer["refused"])
        cut = answer["bytes"]
        return Developed(
            picture=pictures[:cut],
            thumbnail=pictures[cut:],
            media_type=answer["media_type"],
            width=answer["width"],
            height=answer["height"],
            exif=answer["exif"],
        )

    async def _run(self, data: bytes) -> bytes:
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
                output, _ = await process.communicate(data)
        except TimeoutError:
            raise PhotoRefused("took_too_long") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return output if process.returncode == 0 else b""
