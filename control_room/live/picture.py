"""A saved picture of the moment: who saved it, of which camera and when stand in its pixels. Nothing of it is kept."""

from __future__ import annotations

import functools
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC
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
    when = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines, font = laid_out([name, f"{when}  ·  {user}"], image.width, max(_SMALLEST_PX, image.height // _LINES))
    line_px = round(font.size * 1.5)
    top_px = image.height - line_px * len(lines)
    shade = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(shade)
    draw.rectangle((0, top_px, image.width, image.height), fill=(0, 0, 0, 176))
    for number, line in enumerate(lines):
        at_px = (font.size / 2, top_px + line_px * (number + 0.5))
        draw.text(at_px, line, font=font, fill=(255, 255, 255, 255), anchor="lm")
    marked = Image.alpha_composite(image.convert("RGBA"), shade).convert("RGB")
    written = io.BytesIO()
    marked.save(written, "JPEG", quality=_QUALITY)
    return Marked(written.getvalue())


def laid_out(parts: list[str], width_px: int, size_px: int) -> tuple[list[str], ImageFont.FreeTypeFont]:
    """In one line, else a line each, and smaller where even that is too long: nothing of it is cut off."""
    font = _font(size_px)
    whole = "  ·  ".join(parts)
    if font.getlength(whole) <= width_px - size_px:
        return [whole], font
    longest = max(font.getlength(each) for each in parts)
    fits = (width_px - size_px) / longest
    return parts, font if fits >= 1 else _font(max(1, int(size_px * fits)))


def _font(size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(_letters()), size_px)


@functools.cache
def _letters() -> bytes:
    return (resources.files("control_room.papers") / "fonts" / _FONT).read_bytes()
