"""What a simulated pro's camera sees: a drawn house before and after the work, with the camera's record."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime

from PIL import Image, ImageDraw

SIZE = (1280, 960)
SKY, GRASS, BRICK, DOOR, DIRT, SPARKLE = "#bfd9ec", "#7d9a62", "#b8876a", "#4b5d6b", "#6f5a46", "#fff6d6"
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL, EXIF_IFD, GPS_IFD = 0x9003, 0x9011, 0x8769, 0x8825


def photo(*, done: bool, lat: float, lng: float, at: datetime, seed: int) -> bytes:
    """A JPEG of a house front, dirty before and clean after; EXIF says when and where (degrees)."""
    rng = random.Random(seed)
    image = Image.new("RGB", SIZE, SKY)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 700, 1280, 960), fill=GRASS)
    draw.rectangle((240, 260, 1040, 780), fill=BRICK)
    draw.polygon(((190, 270), (640, 60), (1090, 270)), fill=DOOR)
    draw.rectangle((580, 520, 700, 780), fill=DOOR)
    for left in (320, 800):
        draw.rectangle((left, 400, left + 150, 540), fill=SKY, outline="white", width=8)
    if done:
        for _ in range(14):
            x, y = rng.randrange(260, 1020), rng.randrange(280, 500)
            draw.line((x - 14, y, x + 14, y), fill=SPARKLE, width=5)
            draw.line((x, y - 14, x, y + 14), fill=SPARKLE, width=5)
    else:
        for _ in range(60):
            x, y, r = rng.randrange(250, 1000), rng.randrange(270, 740), rng.randrange(6, 30)
            draw.ellipse((x, y, x + r, y + r), fill=DIRT)
    written = io.BytesIO()
    image.save(written, "JPEG", quality=80, exif=_exif(lat, lng, at))
    return written.getvalue()


def signature(seed: int) -> dict[str, object]:
    """A scrawl, as the page of a phone would send it."""
    rng = random.Random(seed)
    strokes = []
    x = 60.0
    for _ in range(3):
        points = []
        for step in range(24):
            x += 8
            points.append([round(x, 1), round(120 + 60 * rng.uniform(-1, 1) * (1 - step / 30), 1)])
        strokes.append(points)
    return {"width": 700, "height": 240, "strokes": strokes}


def _exif(lat: float, lng: float, at: datetime) -> Image.Exif:
    exif = Image.Exif()
    taken = exif.get_ifd(EXIF_IFD)
    taken[DATE_TIME_ORIGINAL] = at.astimezone(UTC).strftime("%Y:%m:%d %H:%M:%S")
    taken[OFFSET_TIME_ORIGINAL] = "+00:00"
    place = exif.get_ifd(GPS_IFD)
    place[1], place[2] = "N" if lat >= 0 else "S", _sexagesimal(lat)
    place[3], place[4] = "E" if lng >= 0 else "W", _sexagesimal(lng)
    return exif


def _sexagesimal(degrees: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds, unsigned."""
    whole, rest = divmod(abs(degrees), 1)
    minutes, rest = divmod(rest * 60, 1)
    return whole, minutes, round(rest * 60, 3)
