"""What the pros of the demo look like to their customers: a drawn face, always the same for one person."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw

SIDE = 256  # pixels, as customers see it
FINE = 2  # drawn so many times larger, for smooth edges
WALLS = ("#dbe7f3", "#e6efe0", "#f3e7d8", "#eadff0", "#dcefee", "#f2e0e0")
SKINS = ("#f3d2b7", "#e6b592", "#c98f67", "#a56b46", "#7d4c30", "#6b4029")
HAIRS = ("#16161a", "#2b2320", "#9a9a9a", "#4c3324", "#7a5233", "#a9793f")
DARK = 3  # so many of them go with every skin
SHIRTS = ("#2f5d8c", "#3f7d58", "#8c4a3c", "#4a4f63", "#a0752d", "#5f4b86")


def portrait(seed: str) -> bytes:
    """A JPEG of `SIDE` × `SIDE` pixels."""
    rng = random.Random(seed)
    image = Image.new("RGB", (SIDE * FINE, SIDE * FINE), rng.choice(WALLS))
    draw = ImageDraw.Draw(image)
    skin, shirt = rng.choice(SKINS), rng.choice(SHIRTS)
    hair = rng.choice(HAIRS if skin in SKINS[:2] else HAIRS[:DARK])
    long_hair = rng.random() < 0.4
    if long_hair:
        _oval(draw, 128, 122, 66, 84, hair)
    _oval(draw, 128, 268, 96, 78, shirt)
    _oval(draw, 128, 186, 22, 34, skin)
    if not long_hair:
        for side in (-1, 1):
            _oval(draw, 128 + side * 53, 116, 9, 14, skin)
    _oval(draw, 128, 112, 53, 64, skin)
    draw.chord(_box(128, 92, 56, 52), 180, 360, fill=hair)
    _face(draw, hair, beard=not long_hair and rng.random() < 0.35, glasses=rng.random() < 0.3)
    written = io.BytesIO()
    image.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(written, "JPEG", quality=88)
    return written.getvalue()


def _face(draw: ImageDraw.ImageDraw, hair: str, *, beard: bool, glasses: bool) -> None:
    if beard:
        draw.chord(_box(128, 132, 46, 46), 10, 170, fill=hair)
    for side in (-1, 1):
        _oval(draw, 128 + side * 20, 118, 8, 7, "#ffffff")
        _oval(draw, 128 + side * 20, 118, 5, 6, "#1f2326")
        draw.arc(_box(128 + side * 20, 110, 12, 10), 205, 335, fill=hair, width=3 * FINE)
        if glasses:
            draw.ellipse(_box(128 + side * 20, 118, 15, 13), outline="#33383d", width=2 * FINE)
    if glasses:
        draw.line((123 * FINE, 117 * FINE, 133 * FINE, 117 * FINE), fill="#33383d", width=2 * FINE)
    draw.arc(_box(128, 138, 20, 17), 20, 160, fill="#ffffff" if beard else "#8c3b32", width=4 * FINE)


def _oval(draw: ImageDraw.ImageDraw, x: int, y: int, wide: int, high: int, colour: str) -> None:
    draw.ellipse(_box(x, y, wide, high), fill=colour)


def _box(x: int, y: int, wide: int, high: int) -> tuple[int, int, int, int]:
    """Around a point, half as wide and high, on the large canvas."""
    return ((x - wide) * FINE, (y - high) * FINE, (x + wide) * FINE, (y + high) * FINE)
