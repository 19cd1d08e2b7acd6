"""A copy to keep says in its pixels who saved it, of what and when; the original stays as it came."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from tests.control_room import door as doors
from tests.control_room import messages

WIDTH_PX, HEIGHT_PX, FPS = 320, 180, 10


def _clip(seconds: int) -> bytes:
    """Grey, as a device's clip comes."""
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as target:
        stream: Any = target.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        grey = np.full((HEIGHT_PX * 3 // 2, WIDTH_PX), 128, np.uint8)
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(grey, format="yuv420p")
            frame.pts = number
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return written.getvalue()


def _lumas(mp4: bytes) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    with av.open(io.BytesIO(mp4), "r") as opened:
        return [np.asarray(frame.to_ndarray(format="gray"), np.uint8) for frame in opened.decode(video=0)]


def _kept(door: doors.Door, content: bytes, kind: str, media_type: str) -> tuple[dict[str, Any], str]:
    """An open alert with such a file, and its address."""
    reference = messages.evidence(
        kind, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), media_type=media_type
    )
    alert = door.alert(evidence=[reference])
    url = f"/api/v1/evidence/{reference['evidence_id']}"
    door.as_device().put(url, content=content).raise_for_status()
    return alert, url


def _marked(client: httpx.Client, url: str) -> httpx.Response:
    return client.get(f"{url}/marked", timeout=280)


def test_a_clip_is_marked_second_by_second(door: doors.Door) -> None:
    original = _clip(2)
    alert, url = _kept(door, original, "clip", "video/mp4")
    marta = door.as_person("marta")
    answer = _marked(marta, url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), answer.text[:300]
    assert answer.headers["content-disposition"].startswith('attachment; filename="clip-')
    pictures = _lumas(answer.content)
    assert len(pictures) == 2 * FPS
    for picture in pictures:
        assert picture.shape == (HEIGHT_PX, WIDTH_PX)
        assert np.abs(picture[:120].astype(int) - np.median(picture[:120])).max() < 8, "the picture itself stays"
        assert picture[-10:].min() < 60, "a dark band"
        assert picture[-10:].max() > 180, "light letters"
    assert np.abs(pictures[2][-30:].astype(int) - pictures[-2][-30:]).max() > 80, "its clock goes on"
    row = door.rows("SELECT * FROM audit WHERE action = 'evidence.save_marked'")[0]
    assert (row["actor"], row["detail"]["sha256"]) == ("marta", hashlib.sha256(answer.content).hexdigest())
    assert row["detail"]["of"] == hashlib.sha256(original).hexdigest()
    assert marta.get(url).content == original
    close = {"version": 1, "reason": "confirmed"}
    marta.post(f"/api/v1/alerts/{alert['alert_id']}/close", json=close).raise_for_status()
    assert doors.problem(_marked(door.as_person("anna"), url)) == (403, "reason-needed")


def test_a_picture_is_marked_too_and_only_for_who_may_watch(door: doors.Door) -> None:
    written = io.BytesIO()
    Image.new("RGB", (640, 360), (120, 120, 120)).save(written, "JPEG")
    _, url = _kept(door, written.getvalue(), "snapshot", "image/jpeg")
    marta = door.as_person("marta")
    answer = _marked(marta, url)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.size == (640, 360)
        assert max(image.convert("L").crop((0, 340, 640, 360)).histogram()[200:]) > 0
    door.as_person("anna").put("/api/v1/users/marta/cameras", json={"all": False}).raise_for_status()
    assert doors.problem(_marked(marta, url)) == (403, "not-your-camera")


@pytest.mark.parametrize(
    ("content", "media_type"), [(b"\x00\x00\x00\x18ftypisom" + b"\x00" * 500, "video/mp4"), (b"words", "text/plain")]
)
def test_of_what_is_no_picture_there_is_no_marked_copy(door: doors.Door, content: bytes, media_type: str) -> None:
    _, url = _kept(door, content, "clip", media_type)
    assert doors.problem(_marked(door.as_person("marta"), url)) == (422, "not-marked")
