"""What is burned into a saved picture is whole at any size, and stands only in its lower edge."""

from __future__ import annotations

import io
from datetime import timedelta, timezone

import pytest
from PIL import Image, ImageChops

from control_room.live import picture
from tests.control_room import messages


def _grey(width_px: int, height_px: int) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width_px, height_px), (120, 120, 120)).save(written, "JPEG", quality=95)
    return written.getvalue()


def _marked(width_px: int, height_px: int, name: str = "cabinet-17 / placa", user: str = "marta") -> Image.Image:
    marked = picture.mark(_grey(width_px, height_px), user=user, name=name, at=messages.NOON)
    return Image.open(io.BytesIO(marked.jpeg)).convert("L")


@pytest.mark.parametrize("size_px", [(1920, 1080), (1280, 720), (352, 288), (160, 120)])
@pytest.mark.parametrize("name", ["placa", "a-cabinet-with-a-long-name / a-square-with-a-long-name-north"])
def test_it_is_whole_and_leaves_the_picture_alone(size_px: tuple[int, int], name: str) -> None:
    shown = _marked(*size_px, name)
    width_px, height_px = shown.size
    letters = shown.point([255 if level > 190 else 0 for level in range(256)]).getbbox()
    assert letters is not None
    left, top, right, bottom = letters
    assert 0 < left < right < width_px, "nothing is cut off"
    assert top > height_px * 0.75
    assert bottom <= height_px
    above = shown.crop((0, 0, width_px, height_px * 7 // 10))
    assert above.getextrema() == (120, 120)


def test_another_name_is_another_picture() -> None:
    one, other = _marked(640, 360, user="marta"), _marked(640, 360, user="anna")
    assert ImageChops.difference(one, other).getbbox() is not None


def test_its_time_is_in_utc() -> None:
    here = messages.NOON.astimezone(timezone(timedelta(hours=2)))
    content = _grey(640, 360)
    assert (
        picture.mark(content, user="marta", name="placa", at=here).sha256
        == picture.mark(content, user="marta", name="placa", at=messages.NOON).sha256
    )


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff\xe0", b"<html>"])
def test_what_is_no_picture_is_said(content: bytes) -> None:
    with pytest.raises(picture.NoPictureError):
        picture.mark(content, user="marta", name="placa", at=messages.NOON)
