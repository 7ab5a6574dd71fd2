"""Photos of disputes: what came in is decoded within bounds, turned upright, made small, and written anew from its
pixels alone, so that nothing else of the file is left: no place, no device, no time, no second file behind the picture.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from geo.errors import InputError

#: Bytes of a photo as it comes in.
PHOTO_BYTES_MAX = 8 * 2**20
#: Longer side of what is kept, pixels.
SIDE_MAX_PX = 1600
JPEG_QUALITY = 80
#: Formats that are read, and how many pixels of each: a JPEG is decoded at a fraction of its size, the others whole.
PIXELS_MAX = {"JPEG": 64_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
#: Exif 2.32, tag 0x0112: how the picture lies, and what turns it upright.
ORIENTATION = 0x0112
UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,), 3: (Image.Transpose.ROTATE_180,), 4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,), 6: (Image.Transpose.ROTATE_270,), 7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}  # fmt: skip
#: What Pillow raises for files that are broken or meant to break it; its warnings, where warnings are errors.
_BROKEN = (
    OSError, ValueError, SyntaxError, TypeError, IndexError, KeyError, OverflowError, EOFError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError, UserWarning, Image.DecompressionBombWarning,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is kept: JPEG bytes and its size in pixels."""

    jpeg: bytes
    width_px: int
    height_px: int


def clean_photo(data: bytes) -> Photo:
    """The photo that is kept of a file. Raises InputError, which names the field photo."""
    if len(data) > PHOTO_BYTES_MAX:
        raise InputError(f"Field photo: more than {PHOTO_BYTES_MAX} bytes.", hint="Take a smaller picture.")
    try:
        with Image.open(io.BytesIO(data), formats=tuple(PIXELS_MAX)) as image:
            return _clean(image)
    except UnidentifiedImageError as error:
        named = "HEIC is not read here. " if data[4:8] == b"ftyp" else ""
        raise InputError(
            f"Field photo: {named}No JPEG, PNG or WebP.", hint="Send it as JPEG; the map page does so by itself."
        ) from error
    except _BROKEN as error:
        raise InputError("Field photo: it cannot be read.", hint="It may be broken; take another one.") from error


def _clean(image: Image.Image) -> Photo:
    form = str(image.format)
    most, n_pixels = PIXELS_MAX[form], image.width * image.height
    if n_pixels > most:
        raise InputError(f"Field photo: {n_pixels} pixels, at most {most} of a {form}.", hint="Take a smaller picture.")
    turns = UPRIGHT.get(_orientation(image), ())
    image.draft("RGB", (SIDE_MAX_PX, SIDE_MAX_PX))  # a JPEG alone: half, a quarter or an eighth of its size
    image.load()
    if image.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        image = image.convert("L")
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    small = image.convert("RGB")
    small.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX), Image.Resampling.LANCZOS)
    for turn in turns:
        small = small.transpose(turn)
    bare = Image.new("RGB", small.size)  # takes over no comment, profile or text
    bare.paste(small)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return Photo(out.getvalue(), bare.width, bare.height)


def _orientation(image: Image.Image) -> int:
    """How the picture lies, 1 to 8; 1 where that cannot be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except _BROKEN:
        return 1
    return found if isinstance(found, int) else 1
