"""A saved picture of the moment: who saved it, of which camera and when stand in its pixels. Nothing of it is kept."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from control_room import problems

if TYPE_CHECKING:
    from datetime import datetime

_FONT = "AtkinsonHyperlegibleNext-Bold.ttf"
_QUALITY = 92
_LINES = 24
"""A line of text has this part of the picture's height."""
_SMALLEST_PX = 10


class NoPictureError(problems.UnavailableError):
    """There is no picture of it at the moment."""

    name = "no-picture"


@dataclass(frozen=True, slots=True)
class Marked:
    """A picture that says where it comes from."""

    jpeg: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.jpeg).hexdigest()


def mark(jpeg: bytes, *, user: str, name: str, at: datetime) -> Marked:
    """Burn user, camera and time into the picture's lower edge, white on a dark band.

    Raises:
        NoPictureError: it is no picture.
    """
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as opened:
            image = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise NoPictureError from None
    text = f"{name}  ·  {at.strftime('%Y-%m-%d %H:%M:%S')} UTC  ·  {user}"
    size_px = max(_SMALLEST_PX, image.height // _LINES)
    font = _font(size_px)
    while size_px > _SMALLEST_PX and font.getlength(text) > image.width - size_px:
        size_px -= 1
        font = _font(size_px)
    band_px = round(size_px * 1.6)
    shade = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(shade)
    draw.rectangle((0, image.height - band_px, image.width, image.height), fill=(0, 0, 0, 176))
    draw.text((size_px // 2, image.height - band_px // 2), text, font=font, fill=(255, 255, 255, 255), anchor="lm")
    marked = Image.alpha_composite(image.convert("RGBA"), shade).convert("RGB")
    written = io.BytesIO()
    marked.save(written, "JPEG", quality=_QUALITY)
    return Marked(written.getvalue())


def _font(size_px: int) -> ImageFont.FreeTypeFont:
    file = resources.files("control_room.papers") / "fonts" / _FONT
    return ImageFont.truetype(io.BytesIO(file.read_bytes()), size_px)
