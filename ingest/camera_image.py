"""A picture as it is kept: decoded, made small, and encoded anew, so that nothing but its pixels goes on."""

from __future__ import annotations

import io
from dataclasses import dataclass

from geo.vocabulary import CameraProblem

#: What is read, by the first bytes and not by what a server says.
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG without metadata, and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


class NoPicture(Exception):
    """Bytes that become no picture; stays inside ingest. `problem` says why."""

    def __init__(self, problem: CameraProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def re_encode(data: bytes, max_side_px: int, max_megapixels: float) -> Picture:
    """The picture, upright, no side longer than max_side_px. Position, time and device in its metadata are left out.

    Raises NoPicture: no_image for bytes of another kind, too_large for more pixels than max_megapixels, unreadable for
    a picture that breaks off.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > max_megapixels * 1e6:
                raise NoPicture(CameraProblem.TOO_LARGE)
            image.draft("RGB", (max_side_px, max_side_px))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((max_side_px, max_side_px))
    except UnidentifiedImageError as error:
        raise NoPicture(CameraProblem.NO_IMAGE) from error
    except Image.DecompressionBombError as error:
        raise NoPicture(CameraProblem.TOO_LARGE) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # what Pillow's decoders raise of broken bytes
        raise NoPicture(CameraProblem.UNREADABLE) from error
    bare = Image.new("RGB", upright.size)  # a new one has no metadata that could be written again
    bare.paste(upright)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return Picture(out.getvalue(), bare.width, bare.height)
