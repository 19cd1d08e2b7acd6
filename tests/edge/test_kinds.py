"""Cameras that are no RTSP servers: pictures over HTTP, and a USB port with nothing on it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import cv2
import pytest

from edge.clock import Clock
from edge.errors import SourceError
from edge.mask import Masks
from edge.source import Source, SourceSettings
from tests.edge import clips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision.frame import Frame

AT_ONCE = 4
WANTED = 8


class MjpegCamera:
    """Sends numbered pictures, four at once each fifth of a second, as cameras do: multipart/x-mixed-replace."""

    def __init__(self) -> None:
        self.sent = 0
        self.enough = Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                while not camera.enough.wait(0.2):
                    self.wfile.write(b"".join(_part(camera.sent + number) for number in range(AT_ONCE)))
                    camera.sent += AT_ONCE

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.location = f"http://127.0.0.1:{self._server.server_address[1]}/video.mjpg"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.enough.set()
        self._server.shutdown()
        self._server.server_close()


def _part(number: int) -> bytes:
    data = cv2.imencode(".jpg", clips.numbered(number))[1].tobytes()
    return f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data + b"\r\n"


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    started = MjpegCamera()
    yield started
    started.close()


def source_of(location: str) -> Source:
    settings = SourceSettings(location=location, analysis_fps=5.0, silence_s=60.0)
    return Source(settings, masks=Masks([]), clock=Clock(), stop=Event())


def seen_until_enough(source: Source, camera: MjpegCamera) -> Iterator[Frame]:
    for number, frame in enumerate(source.frames(), 1):
        yield frame
        if number == WANTED:
            camera.enough.set()


def test_pictures_over_http_are_sampled_and_only_those_are_decoded(camera: MjpegCamera) -> None:
    source = source_of(camera.location)
    frames: list[Frame] = []
    with pytest.raises(SourceError):
        frames.extend(seen_until_enough(source, camera))
    assert source.settings.live
    numbers = [clips.number_of(frame.image) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert WANTED <= len(numbers) < camera.sent
    assert source.frames_read == len(numbers)
    times = [frame.media_time_s for frame in frames]
    assert times == sorted(times)


def test_a_camera_that_is_not_there_says_why() -> None:
    table = {
        "usb:/dev/video99": "cannot be opened: No such file or directory",
        "http://127.0.0.1:9/video.mjpg": "cannot be opened: Connection refused",
    }
    said = {}
    for location in table:
        with pytest.raises(SourceError) as caught:
            next(source_of(location).frames())
        said[location] = str(caught.value)
    assert said == table
