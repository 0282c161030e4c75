"""A signature that a finger drew: lines on a canvas, drawn again as a picture of ours."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from PIL import Image, ImageDraw

from db.errors import Invalid
from tracker.evidence.darkroom import MAX_SIGNATURE_SIDE, THUMBNAIL_SIDE
from tracker.evidence.develop import Developed

MAX_POINTS = 8000  # of all strokes; a long signature has about 600
MIN_POINTS = 4  # a touch by accident is no signature
FINER = 2  # drawn this much larger, then made smaller: smooth edges
PEN = 160  # the pen is this part of the picture's longer side


@dataclass(frozen=True, slots=True)
class Signature:
    """Strokes of (x, y) points on a canvas of `width` × `height`, in the canvas's own unit."""

    strokes: Sequence[Sequence[tuple[float, float]]]
    width: float
    height: float

    def __post_init__(self) -> None:
        """Raises Invalid for too many points, or too few to be a signature."""
        points = sum(len(stroke) for stroke in self.strokes)
        if points > MAX_POINTS:
            raise Invalid(f"A signature may have {MAX_POINTS} points.", field="strokes")
        if points < MIN_POINTS:
            raise Invalid("This is no signature.", field="strokes")
        if not all(
            0 <= x <= self.width and 0 <= y <= self.height for stroke in self.strokes for x, y in stroke
        ):
            raise Invalid("A point lies outside the canvas.", field="strokes")

    def as_source(self) -> bytes:
        """Its bytes, the same for the same signature."""
        return msgspec.json.encode([self.width, self.height, self.strokes])


def draw(signature: Signature) -> Developed:
    """The signature in black on white, its longer side as long as any signature's may be."""
    scale = MAX_SIGNATURE_SIDE * FINER / max(signature.width, signature.height)
    size = (max(1, round(signature.width * scale)), max(1, round(signature.height * scale)))
    canvas = Image.new("L", size, 255)
    pen = ImageDraw.Draw(canvas)
    width = max(size) // PEN
    for stroke in signature.strokes:
        points = [(x * scale, y * scale) for x, y in stroke]
        pen.line(points, fill=0, width=width, joint="curve")
        for x, y in points[:1] + points[-1:]:  # round ends; a dot over an i is nothing else
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=0)
    canvas.thumbnail((MAX_SIGNATURE_SIDE, MAX_SIGNATURE_SIDE), Image.Resampling.LANCZOS)
    small = canvas.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return Developed(
        picture=_png(canvas),
        thumbnail=_png(small),
        media_type="image/png",
        width=canvas.width,
        height=canvas.height,
        exif={},
    )


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
