"""The darkroom is a process: what it may do, how it ends, and how little of what it says is believed."""

from __future__ import annotations

import asyncio
import io
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import ImageCms

from tests.photos import exif_of, opened, photo
from tracker.evidence import darkroom
from tracker.evidence import develop as module
from tracker.evidence.darkroom import MAX_SIDE, develop
from tracker.evidence.develop import Darkroom, PhotoRefused

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"


def test_the_darkroom_is_a_process_that_gives_the_same_as_the_function() -> None:
    data = photo(800, 600, exif=exif_of(software="Phone 1"))

    async def story() -> None:
        made = await Darkroom().develop(data, JPEG, signature=False)
        facts, picture, thumbnail = develop(data, JPEG, signature=False)
        assert (made.picture, made.thumbnail, made.exif) == (picture, thumbnail, facts["exif"])
        with pytest.raises(PhotoRefused, match="not what its Content-Type says") as refused:
            await Darkroom().develop(data, PNG, signature=False)
        assert refused.value.facts == {"reason": "not_that_type"}

    asyncio.run(story())


def test_whatever_the_darkroom_has_to_load_it_loads_before_it_can_open_nothing_more() -> None:
    """Each sends Pillow down another path; the function in this process may import what it likes."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = exif_of(taken=datetime(2026, 11, 21, 9, tzinfo=UTC), software="Phone 1", orientation=6)
    burst = io.BytesIO()  # what several phones write: two pictures in one JPEG (CIPA DC-007)
    opened(photo(80, 60)).save(burst, "MPO", save_all=True, append_images=[opened(photo(80, 60))])
    pictures = [
        (photo(80, 60, exif=exif, icc_profile=profile, comment=b"hello"), JPEG),
        (photo(80, 60, mode="CMYK", colour=(0, 0, 0, 0), progressive=True, icc_profile=b"none"), JPEG),
        (burst.getvalue(), JPEG),
        *((photo(80, 60, mode=mode, colour=1, kind="PNG", exif=exif), PNG) for mode in ("P", "1", "I;16")),
        (photo(80, 60, mode="RGBA", colour=(9, 9, 9, 9), kind="PNG", icc_profile=profile), PNG),
        (photo(80, 60, mode="RGBA", colour=(9, 9, 9, 9), kind="WEBP", exif=exif, xmp=b"<x/>"), WEBP),
    ]

    async def story() -> None:
        room = Darkroom()
        for number, (data, media_type) in enumerate(pictures):
            signature = number % 2 == 1
            made = await room.develop(data, media_type, signature=signature)
            facts, picture, thumbnail = develop(data, media_type, signature=signature)
            assert (made.picture, made.thumbnail) == (picture, thumbnail)
            assert made.exif.keys() == facts["exif"].keys()

    asyncio.run(story())


@pytest.mark.parametrize(
    "says",
    [
        "{}",
        "[]",
        '{"refused": "because"}',
        '{"media_type": "text/html", "width": 1, "height": 1, "bytes": 3, "exif": {}}',
        '{"media_type": "image/png", "width": 1, "height": 1, "bytes": 3, "exif": {}}',
        '{"media_type": "image/jpeg", "width": 1000000000000, "height": 1, "bytes": 3, "exif": {}}',
        '{"media_type": "image/jpeg", "width": 1, "height": 1, "bytes": -3, "exif": {}}',
        '{"media_type": "image/jpeg", "width": 1, "height": 1, "bytes": 3, "exif": {"lat": "x"}}',
        "flood",
    ],
)
def test_a_decoder_that_was_taken_over_can_say_what_it_likes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str
) -> None:
    program = tmp_path / "liar.py"
    program.write_text(
        "import sys\nout = sys.stdout.buffer\n"
        + ("while True: out.write(bytes(100_000))\n" if says == "flood" else "")
        + f"out.write({says.encode()!r} + b'\\n' + b'\\xff\\xd8\\xff' * 2)\n"
    )
    monkeypatch.setattr(module, "PROGRAM", program)
    monkeypatch.setattr(module, "MAX_OUTPUT", 1_000_000)

    async def story() -> None:
        with pytest.raises(PhotoRefused) as refused:
            await Darkroom().develop(photo(), JPEG, signature=False)
        assert refused.value.facts["reason"] == "unreadable"

    asyncio.run(story())


def test_a_decoder_that_never_ends_is_ended() -> None:
    async def story() -> None:
        with pytest.raises(PhotoRefused) as refused:
            await Darkroom(deadline_s=0.001).develop(photo(), JPEG, signature=False)
        assert refused.value.facts["reason"] == "took_too_long"

    asyncio.run(story())


def test_a_decoder_that_crashes_takes_nothing_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "crash.py"
    program.write_text("import os, sys\nsys.stdin.buffer.read()\nos.abort()\n")
    monkeypatch.setattr(module, "PROGRAM", program)

    async def story() -> None:
        with pytest.raises(PhotoRefused) as refused:
            await Darkroom().develop(photo(), JPEG, signature=False)
        assert refused.value.facts["reason"] == "unreadable"

    asyncio.run(story())


def test_the_darkroom_knows_no_secret_and_opens_no_file_and_no_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "curious.py"
    program.write_text(
        f"import json, os, socket, sys\nsys.path.insert(0, {str(module.PROGRAM.parent)!r})\n"
        "import darkroom\n"
        "def could(work):\n"
        "    try:\n"
        "        work()\n"
        "        return True\n"
        "    except OSError:\n"
        "        return False\n"
        "def curious(*_, **__):\n"
        f"    done = [could(lambda: open({str(tmp_path / 'written')!r}, 'wb')),\n"
        f"        could(lambda: open({module.__file__!r}, 'rb')),\n"
        "        could(lambda: open(f'/proc/{os.getppid()}/environ', 'rb')),\n"
        "        could(socket.socket)]\n"
        "    exif = {'taken': ' '.join(sorted(os.environ)), 'software': str(done)}\n"
        "    facts = {'media_type': 'image/jpeg', 'width': 1, 'height': 1, 'bytes': 3, 'exif': exif}\n"
        "    return facts, b'\\xff\\xd8\\xff', b'\\xff\\xd8\\xff'\n"
        "darkroom.develop = curious\n"
        "darkroom.main()\n"
    )
    monkeypatch.setattr(module, "PROGRAM", program)
    monkeypatch.setenv("TRACKER_SECRET", "a secret of thirty-two characters")

    async def story() -> None:
        made = await Darkroom().develop(photo(), JPEG, signature=False)
        assert set(made.exif["taken"].split()) <= {"PATH", "LD_LIBRARY_PATH", "LC_CTYPE"}
        assert made.exif["software"] == str([False] * 4)

    asyncio.run(story())


def test_the_largest_picture_that_is_taken_fits_into_the_darkrooms_memory() -> None:
    side = math.isqrt(darkroom.MAX_PIXELS)
    data = photo(side, side, mode="RGBA", colour="white", kind="PNG", compress_level=1)

    async def story() -> None:
        made = await Darkroom().develop(data, PNG, signature=False)
        assert (made.width, made.height) == (MAX_SIDE, MAX_SIDE)

    asyncio.run(story())
