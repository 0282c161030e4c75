"""A stranger's bytes become a picture of ours. A program of its own: photo in, photo and thumbnail out.

An image decoder is a large parser in C, and the bytes are anybody's. So it runs in a process without secrets
that can open neither a file nor a connection, with an end in memory and in time. A decoder that crashes or
never ends takes nothing with it; one that is taken over cannot read the server's files or its environment.
What comes out was drawn anew pixel by pixel: no metadata, no second file hidden behind the first.

Standard input: one JSON line `{"media_type", "signature", "portrait"}`, then the file. Standard output: one
JSON line, `develop`'s facts or `{"refused": reason}`, then the picture, then its thumbnail. Imports nothing
of ours, so that Python runs it with `-I`.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
from typing import Any

from PIL import (  # all that Pillow imports at need: from `main` on nothing can be opened
    ExifTags,
    Image,
    ImageCms,
    ImageColor,  # noqa: F401
    ImageFile,  # noqa: F401
    ImageMode,  # noqa: F401
    ImagePalette,  # noqa: F401
    JpegPresets,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
MAX_PIXELS = 40_000_000  # asked of the header, before anything is decoded; 40 MP are 120 MB decoded
MIN_SIDE = 32  # a dot is no photo
MAX_SIDE = 2560  # a photo that fills a large screen
MAX_SIGNATURE_SIDE = 1280
THUMBNAIL_SIDE = 480
PORTRAIT_SIDE = 256  # a square, as small as a face on a customer's phone needs
QUALITY = 85  # JPEG
MEMORY_BYTES = 1024 * 1024 * 1024  # three copies of the largest picture, and Python
OPEN_FILES = 3  # those it begins with: the photo, the picture, and a place for errors that is none
CPU_S = 15  # a progressive JPEG may ask for thousands of passes
# How to turn a picture that its camera held otherwise (Exif 3.0 §4.6.5.1.6, Orientation).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit is twofold and lies higher; ours is asked of the header


class Refused(Exception):
    """These bytes do not become a picture; the message is the reason's one word."""


def main() -> None:
    """The program."""
    Image.preinit()
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a system without this limit still has the deadline
            resource.setrlimit(limit, (value, value))
    asked = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    try:
        answer, *pictures = develop(
            data, asked["media_type"], signature=asked["signature"], portrait=asked["portrait"]
        )
    except Refused as refused:
        answer, pictures = {"refused": str(refused)}, []
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(pictures))


def develop(
    data: bytes, media_type: str, *, signature: bool, portrait: bool = False
) -> tuple[dict[str, Any], bytes, bytes]:
    """(facts, picture, thumbnail). Raises Refused, whatever the bytes are.

    The facts: `media_type`, `width`, `height` and `bytes` of the picture, `exif` as `exif_facts` read it.
    """
    try:
        with Image.open(io.BytesIO(data), formats=[FORMATS[media_type]]) as image:
            _check_size(image)
            return _developed(image, signature=signature, portrait=portrait)
    except Refused:
        raise
    except UnidentifiedImageError:
        raise Refused("not_that_type") from None
    except MemoryError:
        raise Refused("too_many_pixels") from None
    except Exception:  # noqa: BLE001 - decoders raise whatever they stumble over
        raise Refused("unreadable") from None


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Refused("too_many_pixels")
    if min(image.size) < MIN_SIDE:
        raise Refused("too_small")


def _developed(image: Image.Image, *, signature: bool, portrait: bool) -> tuple[dict[str, Any], bytes, bytes]:
    side = MAX_SIGNATURE_SIDE if signature else MAX_SIDE
    exif = image.getexif()
    image.draft(None, (side, side))  # JPEG: decode at a half, a quarter, an eighth where that is enough
    image.load()
    picture = _srgb(_smaller(_plain(image), side), image.info.get("icc_profile"))
    turn = TURNS.get(exif.get(ExifTags.Base.Orientation, 1))
    picture = picture if turn is None else picture.transpose(turn)
    picture = _square(picture) if portrait else picture
    kind = "PNG" if signature else "JPEG"
    whole = _encoded(picture, kind)
    facts = {
        "media_type": f"image/{kind.lower()}",
        "width": picture.width,
        "height": picture.height,
        "bytes": len(whole),
        "exif": exif_facts(exif),
    }
    return facts, whole, _encoded(_smaller(picture, THUMBNAIL_SIDE), kind)


def _plain(image: Image.Image) -> Image.Image:
    """The same picture in a mode that can be made smaller: 8 bits a channel, nothing shining through."""
    if image.mode == "I;16":
        return image.convert("I").point([value >> 8 for value in range(65536)], "L")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        return paper.convert("RGB")
    return image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")


def _smaller(image: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels wide and high; never larger than it was."""
    small = image.copy() if max(image.size) > side else image
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small


def _square(image: Image.Image) -> Image.Image:
    """A portrait: the middle of a wide picture, the upper part of a high one, where the face is."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 5
    return _smaller(image.crop((left, top, left + side, top + side)), PORTRAIT_SIDE)


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB, the colours that every screen shows without being told."""
    if profile and image.mode in ("RGB", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is no profile
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            shown = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if shown is not None:
                return shown
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def _encoded(image: Image.Image, kind: str) -> bytes:
    """The pixels and nothing else: Pillow writes comments and profiles along unless it never had them."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = io.BytesIO()
    if kind == "PNG":
        bare.convert("L").save(out, "PNG", optimize=True)
    else:
        bare.convert("RGB").save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def exif_facts(exif: Image.Exif) -> dict[str, Any]:
    """What the camera wrote of when, where and by what, as it wrote it; what cannot be read is left out.

    `taken` and `offset` (Exif 3.0 §4.6.6: local time `2026:11:21 08:30:00`, `+01:00`), `gps_date` and
    `gps_time` (UTC), `lat` and `lng` in degrees, `accuracy_m`, `software`.
    """
    facts: dict[str, Any] = {}
    with contextlib.suppress(Exception):  # a broken directory hides only itself
        details = exif.get_ifd(ExifTags.IFD.Exif)
        facts["taken"] = _text(details.get(ExifTags.Base.DateTimeOriginal))
        facts["offset"] = _text(details.get(ExifTags.Base.OffsetTimeOriginal))
    with contextlib.suppress(Exception):
        facts["software"] = _text(exif.get(ExifTags.Base.Software))
    with contextlib.suppress(Exception):
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        facts["gps_date"] = _text(gps.get(ExifTags.GPS.GPSDateStamp))
        facts["gps_time"] = _numbers(gps.get(ExifTags.GPS.GPSTimeStamp))
        facts["lat"] = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S")
        facts["lng"] = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W")
        facts["accuracy_m"] = _number(gps.get(ExifTags.GPS.GPSHPositioningError))
    return {name: value for name, value in facts.items() if value is not None}


def _degrees(gps: dict[int, Any], value: int, reference: int, negative: str) -> float | None:
    parts = _numbers(gps.get(value))
    if parts is None:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    return -degrees if _text(gps.get(reference)) == negative else degrees


def _numbers(value: Any) -> list[float] | None:
    """Three finite numbers, or None."""
    if not isinstance(value, tuple) or len(value) != 3:
        return None
    numbers = [number for part in value if (number := _number(part)) is not None]
    return numbers if len(numbers) == 3 else None


def _number(value: Any) -> float | None:
    """A finite number, or None: 0/0 is how cameras write that they do not know."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None


def _text(value: Any) -> str | None:
    """A short printable text, or None."""
    if not isinstance(value, str):
        return None
    text = "".join(letter for letter in value if letter.isascii() and letter.isprintable()).strip()
    return text[:100] or None


if __name__ == "__main__":
    main()
