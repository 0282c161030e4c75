"""Whatever comes in, what comes out is a picture of ours: turned, made smaller, and nothing but pixels."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.photos import bomb, exif_of, opened, photo, with_wild_exif
from tracker.evidence.darkroom import MAX_SIDE, THUMBNAIL_SIDE, Refused, develop

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"


def pixel(data: bytes, x: float, y: float) -> tuple[int, int, int]:
    """The colour at a place, as parts of width and height."""
    image = opened(data).convert("RGB")
    found = image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(found, tuple)
    return found  # type: ignore[return-value]


def refusal(data: bytes, media_type: str = JPEG) -> str:
    with pytest.raises(Refused) as refused:
        develop(data, media_type, signature=False)
    return str(refused.value)


def test_a_large_photo_is_made_smaller_and_gets_a_thumbnail() -> None:
    facts, picture, thumbnail = develop(photo(4000, 3000), JPEG, signature=False)
    assert (facts["width"], facts["height"], facts["media_type"]) == (MAX_SIDE, MAX_SIDE * 3 // 4, JPEG)
    assert opened(picture).size == (facts["width"], facts["height"])
    assert facts["bytes"] == len(picture)
    assert max(opened(thumbnail).size) == THUMBNAIL_SIDE


def test_a_small_photo_stays_as_small_as_it_was() -> None:
    facts, picture, _ = develop(photo(300, 200, kind="WEBP"), WEBP, signature=False)
    assert (opened(picture).size, opened(picture).format) == ((300, 200), "JPEG")
    assert facts["width"] == 300


def test_a_photo_of_every_orientation_stands_upright() -> None:
    upright = photo(400, 200, colour="white")
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for orientation, turn in undo.items():
        out = io.BytesIO()
        opened(upright).transpose(turn).save(out, "JPEG", exif=exif_of(orientation=orientation))
        facts, picture, _ = develop(out.getvalue(), JPEG, signature=False)
        assert (facts["width"], facts["height"]) == (400, 200), orientation
        assert pixel(picture, 0.1, 0.5) > (250, 250, 250), orientation
        assert pixel(picture, 0.9, 0.5) < (5, 5, 5), orientation


def test_nothing_but_pixels_comes_out() -> None:
    secret = b"secret words"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = exif_of(taken=datetime(2026, 11, 21, 9, tzinfo=UTC), software=secret.decode())
    jpeg = photo(exif=exif, comment=secret, icc_profile=profile)
    notes = PngInfo()
    notes.add_text("Comment", secret.decode())
    png = photo(kind="PNG", pnginfo=notes, icc_profile=profile, exif=exif)
    webp = photo(kind="WEBP", exif=exif, xmp=secret, icc_profile=profile)
    for data, media_type in ((jpeg, JPEG), (png, PNG), (webp, WEBP)):
        assert secret in data
        for signature in (False, True):
            facts, *pictures = develop(data, media_type, signature=signature)
            assert facts["exif"]["lat"] == pytest.approx(53.4084, abs=1e-5)
            for picture in pictures:
                assert secret not in picture
                assert not set(opened(picture).info) - {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_what_hides_behind_a_photo_does_not_come_out() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("evil.html", "<script>alert(1)</script>")
    data = photo() + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(data))
    _, picture, thumbnail = develop(data, JPEG, signature=False)
    for out in (picture, thumbnail):
        assert not zipfile.is_zipfile(io.BytesIO(out))
        assert b"script" not in out


def test_every_colour_mode_becomes_a_photo_that_a_browser_shows() -> None:
    for mode, colour in (
        ("L", 255),
        ("RGB", "white"),
        ("RGBA", "white"),
        ("P", 255),
        ("1", 1),
        ("I;16", 65535),
    ):
        data = photo(mode=mode, colour=colour, kind="PNG")
        _, picture, _ = develop(data, PNG, signature=False)
        assert opened(picture).mode == "RGB"
        left = pixel(picture, 0.1, 0.5)
        assert min(left) > 245 or mode == "P", mode
    _, picture, _ = develop(photo(mode="CMYK", colour=(0, 0, 0, 0)), JPEG, signature=False)
    assert min(pixel(picture, 0.1, 0.5)) > 245


def test_what_shines_through_is_put_on_white_paper() -> None:
    _, picture, _ = develop(photo(mode="RGBA", colour=(255, 0, 0, 0), kind="PNG"), PNG, signature=True)
    assert opened(picture).format == "PNG"
    assert min(pixel(picture, 0.1, 0.5)) > 250


def test_a_colour_profile_is_applied_and_a_broken_one_is_ignored() -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for profile in (wide, b"no profile at all"):
        _, picture, _ = develop(photo(icc_profile=profile), JPEG, signature=False)
        assert opened(picture).mode == "RGB"


def test_of_an_animation_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("white", "black")]
    for kind, media_type in (("WEBP", WEBP), ("PNG", PNG)):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        _, picture, _ = develop(out.getvalue(), media_type, signature=False)
        assert min(pixel(picture, 0.5, 0.5)) > 245


def test_a_file_must_be_what_it_says() -> None:
    assert refusal(photo(kind="PNG"), JPEG) == "not_that_type"
    assert refusal(photo(kind="GIF"), PNG) == "not_that_type"
    assert refusal(b"<svg xmlns='http://www.w3.org/2000/svg'/>", PNG) == "not_that_type"
    assert refusal(b"<html><script>alert(1)</script></html>", JPEG) == "not_that_type"


def test_a_bomb_is_refused_by_its_header() -> None:
    for width, height in ((50_000, 50_000), (40_001, 1000), (2**31 - 1, 2**31 - 1)):
        assert refusal(bomb(width, height), PNG) == "too_many_pixels"


def test_a_dot_is_no_photo() -> None:
    assert refusal(photo(1, 1)) == "too_small"
    assert refusal(photo(3000, 31)) == "too_small"


def test_half_a_photo_is_refused_wherever_it_ends() -> None:
    for kind, media_type in (("JPEG", JPEG), ("PNG", PNG), ("WEBP", WEBP)):
        data = photo(500, 500, kind=kind, exif=exif_of())
        for part in range(1, 10):
            assert refusal(data[: len(data) * part // 10], media_type) in ("unreadable", "not_that_type")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_photo_with_any_bytes_changed_is_a_photo_or_is_refused(data: st.DataObject) -> None:
    kind, media_type = data.draw(st.sampled_from([("JPEG", JPEG), ("PNG", PNG), ("WEBP", WEBP)]))
    spoilt = bytearray(photo(64, 64, kind=kind, exif=exif_of(taken="2026:11:21 09:00:00", software="x")))
    for _ in range(data.draw(st.integers(1, 8))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    try:
        facts, picture, _ = develop(bytes(spoilt), media_type, signature=False)
    except Refused:
        return
    assert opened(picture).size == (facts["width"], facts["height"])


def test_an_exif_directory_that_points_anywhere_is_a_photo_or_is_refused() -> None:
    whole = photo(64, 64, exif=exif_of(place=(53.4, -2.99), taken=datetime(2026, 11, 21, 9, tzinfo=UTC)))
    for place in range(0, 150, 2):
        try:
            facts, picture, _ = develop(with_wild_exif(whole, place), JPEG, signature=False)
        except Refused:
            continue
        assert opened(picture).size == (facts["width"], facts["height"])


def test_exif_that_makes_no_sense_hides_only_itself() -> None:
    for place in ((0 / 1, 0.0), (89.9, 179.9)):
        facts, *_ = develop(photo(exif=exif_of(place=place)), JPEG, signature=False)
        assert facts["exif"]["lat"] == pytest.approx(place[0], abs=1e-4)
    spoilt = exif_of(taken="x" * 60_000, software="y" * 300)
    facts, *_ = develop(photo(exif=spoilt), JPEG, signature=False)
    assert len(facts["exif"]["taken"]) == len(facts["exif"]["software"]) == 100
