"""Photos as phones make them, and as nobody should."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import datetime
from fractions import Fraction
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import IFDRational

from tests.company import DOOR


def photo(
    width: int = 640,
    height: int = 480,
    *,
    kind: str = "JPEG",
    mode: str = "RGB",
    colour: Any = "teal",
    exif: Image.Exif | None = None,
    **options: Any,
) -> bytes:
    """A plain picture: left half `colour`, right half black, so that one sees how it is turned."""
    image = Image.new(mode, (width, height), colour)
    image.paste(Image.new(mode, (width - width // 2, height)), (width // 2, 0))
    out = io.BytesIO()
    image.save(out, kind, **({"exif": exif} if exif is not None else {}), **options)
    return out.getvalue()


def exif_of(
    *,
    taken: datetime | str | None = None,
    place: tuple[float, float] | None = DOOR,
    accuracy_m: float | None = None,
    software: str | None = None,
    orientation: int | None = None,
) -> Image.Exif:
    """What a phone writes. `taken` with a zone also writes the offset; a text is written as it is."""
    exif = Image.Exif()
    if orientation is not None:
        exif[Base.Orientation] = orientation
    if software is not None:
        exif[Base.Software] = software
    details = exif.get_ifd(IFD.Exif)
    if isinstance(taken, str):
        details[Base.DateTimeOriginal] = taken
    elif taken is not None:
        details[Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
        if taken.tzinfo is not None:
            offset = taken.strftime("%z")
            details[Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:]}"
    if place is not None:
        gps = exif.get_ifd(IFD.GPSInfo)
        gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = ("N" if place[0] >= 0 else "S"), _parts(place[0])
        gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = ("E" if place[1] >= 0 else "W"), _parts(place[1])
        if accuracy_m is not None:
            gps[GPS.GPSHPositioningError] = IFDRational(Fraction(accuracy_m))
    return exif


def _parts(degrees: float) -> tuple[IFDRational, ...]:
    whole, rest = divmod(abs(degrees), 1)
    minutes, rest = divmod(rest * 60, 1)
    return IFDRational(int(whole)), IFDRational(int(minutes)), IFDRational(round(rest * 60 * 10_000), 10_000)


def with_wild_exif(data: bytes, place: int) -> bytes:
    """A photo whose EXIF directory points anywhere, or counts to anything, at this place of it."""
    wild = bytearray(data)
    struct.pack_into(">I", wild, wild.index(b"Exif\0\0") + 6 + place, 0xFFFF_FFF0)
    return bytes(wild)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says to be very large."""
    rows = zlib.compress(bytes(5_000_000), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def opened(data: bytes) -> Image.Image:
    """The picture in these bytes, decoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
