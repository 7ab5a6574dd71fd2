"""Photos of disputes: what is kept is made anew from the pixels, small and upright; what would break it is refused."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from geo.errors import InputError
from tests.tiles.disputes_town import photo
from tiles.disputes_photo import PHOTO_BYTES_MAX, SIDE_MAX_PX, clean_photo

CANARY = b"canary-36.5613-136.6562"


def opened(data: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(data))
    found.load()
    return found


def exif(orientation: int) -> Image.Exif:
    """Metadata as of a phone: how it lies, who made it, where."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010F] = CANARY.decode()
    found.get_ifd(0x8825)[29] = CANARY.decode()
    return found


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG that says a size, whatever its data."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_formats_of_phones_become_a_small_jpeg(form: str) -> None:
    kept = clean_photo(photo(form, (3200, 2400)))
    image = opened(kept.jpeg)
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.size == (kept.width_px, kept.height_px) == (SIDE_MAX_PX, 1200)


def test_nothing_of_the_file_is_left_but_its_pixels() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", CANARY.decode())
    kinds = (
        photo(exif=exif(1), comment=CANARY, icc_profile=b"\0" * 128 + CANARY, xmp=CANARY),
        photo("PNG", pnginfo=info, exif=exif(1)), photo("WEBP", exif=exif(1), xmp=CANARY),
    )  # fmt: skip
    for data in kinds:
        assert CANARY in data or zlib.compress(CANARY) in data
        kept = clean_photo(data).jpeg
        assert b"canary" not in kept
        image = opened(kept)
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}, image.info


def test_a_second_file_behind_the_picture_is_gone() -> None:
    """A polyglot: a page, a script or an archive behind the end of a picture, or in a comment of it."""
    for tail in (b"<script>alert(1)</script>", b"PK\x03\x04" + CANARY, b"\n<html><body onload=x>"):
        kept = clean_photo(photo() + tail).jpeg
        assert tail not in kept
        assert kept[:2] == b"\xff\xd8"
        assert kept[-2:] == b"\xff\xd9"
    assert b"<script" not in clean_photo(photo(comment=b"<script>alert(1)</script>")).jpeg


#: Where red lies after each orientation of Exif was undone: top left corner of the upright picture.
UPRIGHT = {1: "top", 2: "top", 3: "bottom", 4: "bottom", 5: "left", 6: "right", 7: "right", 8: "left"}


@pytest.mark.parametrize("orientation", sorted(UPRIGHT))
def test_orientation_is_applied_before_it_is_forgotten(orientation: int) -> None:
    kept = clean_photo(photo(exif=exif(orientation), quality=95))
    image = opened(kept.jpeg)
    assert image.size == ((48, 64) if orientation > 4 else (64, 48))
    middle = {"top": (0.5, 0.1), "bottom": (0.5, 0.9), "left": (0.1, 0.5), "right": (0.9, 0.5)}[UPRIGHT[orientation]]
    pixel = image.getpixel((int(image.width * middle[0]), int(image.height * middle[1])))
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200, (orientation, pixel)
    assert pixel[2] < 80, (orientation, pixel)


def test_transparency_becomes_white_and_odd_modes_are_read() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(clean_photo(out.getvalue()).jpeg).getpixel((4, 4)) == (255, 255, 255)
    for mode in ("1", "L", "LA", "P", "I;16", "CMYK"):
        out = io.BytesIO()
        Image.new(mode, (8, 8)).save(out, "JPEG" if mode == "CMYK" else "PNG")
        assert clean_photo(out.getvalue()).width_px == 8, mode


BOMBS = {
    "a PNG that says 60,000 x 60,000": png_of(60_000, 60_000, zlib.compress(b"\0" * 100_000)),
    "a PNG of 25 million pixels": png_of(5_001, 5_001, zlib.compress(b"\0" * (3 * 5_001 + 1) * 64)),
    "a PNG whose text unpacks to 20 MB": b"".join((
        photo("PNG")[:33], png_chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 20_000_000)), photo("PNG")[33:],
    )),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_bombs_are_refused_before_they_unpack(name: str) -> None:
    assert len(BOMBS[name]) < 2**20
    with pytest.raises(InputError, match="photo"):
        clean_photo(BOMBS[name])


def test_a_jpeg_that_says_more_pixels_than_are_taken_is_refused() -> None:
    data = bytearray(photo(size=(64, 64)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 9_000, 9_000)
    with pytest.raises(InputError, match="pixels"):
        clean_photo(bytes(data))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"\xff\xd8\xff\xe0", b"GIF89a" + b"\0" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7", b"II*\0" + b"\0" * 40, b"\x89PNG\r\n\x1a\n" + b"\0" * 40, photo()[:200], b"RIFF\0\0\0\0WEBPVP8 ",
        photo("GIF"), photo("BMP"), photo("TIFF"), b"%!PS-Adobe-3.0 EPSF-3.0\n",
    ],
)  # fmt: skip
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="Field photo"):
        clean_photo(data)


def test_heic_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match="HEIC") as refused:
        clean_photo(b"\0\0\0\x18ftypheic" + b"\0" * 64)
    assert "JPEG" in refused.value.hint


def test_every_single_broken_byte_is_refused_or_read() -> None:
    """Never anything but a photo or a refusal, whatever byte of the head is wrong."""
    whole = photo(exif=exif(6), size=(24, 16))
    for at in range(0, min(len(whole), 400)):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        with contextlib.suppress(InputError):
            assert clean_photo(bytes(broken)).width_px in range(1, SIDE_MAX_PX + 1)


def test_more_bytes_than_are_taken_are_refused() -> None:
    with pytest.raises(InputError, match="bytes"):
        clean_photo(b"\xff\xd8" + b"\0" * PHOTO_BYTES_MAX)
