"""A flight for the tests: what its camera sees as a video over RTSP, and what its autopilot says over UDP.

The drone comes along a street, stands still over it while people walk there, and flies on. The standing part is the
demonstration's film of a street; the rest is that film's picture as a camera sees it that flies past it.
"""

from __future__ import annotations

import math
import random
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
from pymavlink.dialects.v20 import ardupilotmega as dialect  # type: ignore[import-untyped]

from vision.georeference import globe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

COMES_S, WAITS_S, CLIP_S, LEAVES_S = 12.0, 5.0, 25.0, 12.0
"""It comes, stands over a street in which nothing moves, sees so much of the film, and flies on."""
STANDS_S = WAITS_S + CLIP_S
FPS = 10
SIZE_PX = (768, 576)
SHARE_A_SECOND = 0.15
"""Of the picture's width, by which it moves while the drone flies."""
PLACE = (41.1189, 1.2445)
HEIGHT_M, PITCH_DEG, VIEW_DEG, SPEED_M_S = 12.0, -40.0, 60.0, 3.2
"""At this height and pitch the picture is 21.6 m wide in its middle, of which 3.2 m are 15 %."""
CLIMBS_M, TILTS_DEG = 4.0, 15.0
"""How far it goes up and down, and its camera with it, as it flies on: so does what it films."""
_CLIMB_S, _TILT_S = 16.0, 20.0
SYSTEM = 42
_RATE_HZ = 5
_NOISE_M = 0.05
_ESTABLISHED = "01"


def film(clip: Path, target: Path) -> None:
    """What the camera sees."""
    with av.open(str(target), "w") as written:
        stream = written.add_stream("libx264", rate=FPS, options={"g": "10", "preset": "ultrafast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        for image in _pictures(clip):
            written.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        written.mux(stream.encode())


def _pictures(clip: Path) -> Iterator[NDArray[np.uint8]]:
    stood = _clip(clip)
    first = next(stood)
    for n in range(round(COMES_S * FPS)):
        yield _beside(first, (COMES_S - n / FPS) * SHARE_A_SECOND)
    for _ in range(round(WAITS_S * FPS)):
        yield first
    last = first
    for last in stood:
        yield last
    for n in range(round(LEAVES_S * FPS)):
        yield _beside(last, -n / FPS * SHARE_A_SECOND)


def _clip(clip: Path) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            if (frame.time or 0.0) > CLIP_S:
                return
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def _beside(image: NDArray[np.uint8], widths: float) -> NDArray[np.uint8]:
    matrix = np.array([[1, 0, widths * image.shape[1]], [0, 1, 0]], np.float32)
    size = image.shape[1], image.shape[0]
    return np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def is_watched(port: int) -> bool:
    """Whether somebody is connected to a server of this machine: a film over RTSP begins with that."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return any(row[1].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)


@dataclass(frozen=True)
class Moment:
    """Where the drone is."""

    lat: float
    lon: float
    speed_m_s: float
    height_m: float
    pitch_deg: float


def moment(at_s: float) -> Moment:
    """It flies to the east and looks to the north."""
    before_s, after_s = max(0.0, COMES_S - at_s), max(0.0, at_s - COMES_S - STANDS_S)
    lat, lon = globe.moved(PLACE, (after_s - before_s) * SPEED_M_S, 0.0)
    height_m = HEIGHT_M + CLIMBS_M * _wave(after_s / _CLIMB_S)
    pitch_deg = PITCH_DEG - TILTS_DEG * _wave(after_s / _TILT_S)
    return Moment(lat, lon, SPEED_M_S if before_s or after_s else 0.0, height_m, pitch_deg)


def _wave(turns: float) -> float:
    """From 0 to 2 and back."""
    return 1 - math.cos(2 * math.pi * turns)


def ground_at(x: float, y: float, width_px: int, height_px: int) -> tuple[float, float]:
    """lat, lon of a point of the picture, in 0..1, while the drone stands: by trigonometry, no code of ours."""
    across = (2 * x - 1) * math.tan(math.radians(VIEW_DEG) / 2)
    down = (2 * y - 1) * math.tan(math.radians(VIEW_DEG) / 2) * height_px / width_px
    below_deg = -PITCH_DEG + math.degrees(math.atan(down))
    north_m = HEIGHT_M / math.tan(math.radians(below_deg))
    slant_m = math.hypot(HEIGHT_M, north_m) / math.hypot(1.0, down)  # along the optical axis
    return globe.moved(PLACE, across * slant_m, north_m)


class Autopilot:
    """Sends a flight's telemetry in real time from when it is told to start."""

    def __init__(self, port: int, *, ahead_s: float = 0.0) -> None:
        """`ahead_s`: by how much its clock is wrong."""
        self._to = ("127.0.0.1", port)
        self._ahead_s = ahead_s
        self.is_silent = threading.Event()
        """It flies on, and says nothing of it while this is set."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fly, daemon=True)
        self._sender = dialect.MAVLink(None, srcSystem=SYSTEM, srcComponent=1)
        self._random = random.Random(7)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _fly(self) -> None:
        began_s = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            while not self._stop.wait(1 / _RATE_HZ):
                at_s = time.monotonic() - began_s
                for message in () if self.is_silent.is_set() else self.messages(at_s):
                    link.sendto(bytes(message.pack(self._sender)), self._to)

    def messages(self, at_s: float) -> list[Any]:
        here = moment(at_s)
        boot_ms = round(at_s * 1000)
        lat, lon = (globe.moved((here.lat, here.lon), *(self._random.gauss(0, _NOISE_M) for _ in range(2))))[:2]
        half = math.radians(here.pitch_deg) / 2
        gimbal = [math.cos(half), 0.0, math.sin(half), 0.0]
        height_mm = round(here.height_m * 1000)
        return [
            dialect.MAVLink_heartbeat_message(2, 3, 0, 0, 4, 3),
            dialect.MAVLink_system_time_message(round((time.time() + self._ahead_s) * 1e6), boot_ms),
            dialect.MAVLink_attitude_message(boot_ms, 0.0, 0.0, math.radians(90), 0, 0, 0),
            dialect.MAVLink_gimbal_device_attitude_status_message(0, 0, boot_ms, 64, gimbal, 0, 0, 0, 0),
            dialect.MAVLink_global_position_int_message(
                boot_ms,
                round(lat * 1e7),
                round(lon * 1e7),
                100_000 + height_mm,
                height_mm,
                0,
                round(here.speed_m_s * 100),
                0,
                9000,
            ),
        ]
