"""Films a scene as a flight would: H.264 with the subtitles beside it and the truth in JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from benchmarks.drawn_flight import flying, things
from benchmarks.drawn_flight.flying import SOUTH_WEST
from vision.footage import ground_picture
from vision.footage.settings import Settings
from vision.georeference import globe
from vision.georeference.ground import FlatGround

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.drawn_flight.ground import Scene
    from vision.georeference.camera import Camera
    from vision.georeference.pose import Pose

_GRAIN = 2.0
_SETTINGS = Settings(depression_deg_min=16.0, coarse_m=10.0, fine_m=0.01)


@dataclass(frozen=True, slots=True)
class Mover:
    """Crosses the scene; metres and metres a second."""

    kind: str
    east_m: float
    north_m: float
    east_m_s: float
    north_m_s: float
    bgr: tuple[int, int, int] | None = None
    """All in one colour, for a detector that knows nothing else."""

    def at(self, time_s: float) -> tuple[float, float]:
        return self.east_m + self.east_m_s * time_s, self.north_m + self.north_m_s * time_s


class Film:
    """Pictures of a scene."""

    def __init__(self, scene: Scene, camera: Camera, seed: int, movers: list[Mover] | None = None) -> None:
        self._scene, self._camera = scene, camera
        self._rng = np.random.default_rng(seed + 2000)
        self._movers = movers or []
        makers = {"car": things.car, "person": things.person}
        self._sprites = [makers[one.kind](self._rng, scene.canvas.cell_m) for one in self._movers]
        for one, (sprite, _, _) in zip(self._movers, self._sprites, strict=True):
            if one.bgr is not None:
                sprite[:] = one.bgr
        self._levels = [scene.canvas.image]
        while min(self._levels[-1].shape[:2]) > 256 and len(self._levels) < 4:  # noqa: PLR2004 - from 4 to 32 cm
            self._levels.append(np.asarray(cv2.pyrDown(self._levels[-1]), np.uint8))
        height, width = camera.height_px, camera.width_px
        self._grain = [self._rng.normal(0, _GRAIN, (height + 64, width + 64)).astype(np.float32) for _ in range(3)]

    def picture(self, pose: Pose, time_s: float) -> NDArray[np.uint8]:
        """BGR, as the camera sees it from there."""
        canvas = self._scene.canvas
        frame = ground_picture.frame_of(self._camera, pose, FlatGround(), _SETTINGS)
        level = min(len(self._levels) - 1, max(0, math.floor(math.log2(max(1.0, frame.native_m / canvas.cell_m)))))
        image = self._levels[level]
        cell = canvas.cell_m * 2**level
        restored = [(image, *each) for each in self._put_movers(image, cell, time_s)]
        east, north = globe.offset_m((pose.lat, pose.lon), SOUTH_WEST)
        to_metres = np.array([[cell, 0, east], [0, -cell, north + canvas.size_m[1]], [0, 0, 1.0]])
        matrix = frame.north_up_to_picture(to_metres)
        size = (self._camera.width_px, self._camera.height_px)
        shown = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        for there, cut, before in restored:
            there[cut] = before
        return self._developed(np.asarray(shown, np.uint8))

    def _put_movers(
        self, image: NDArray[np.uint8], cell: float, time_s: float
    ) -> list[tuple[tuple[slice, slice], NDArray[np.uint8]]]:
        """Paint them; what was there before, to be put back."""
        before = []
        for one, (sprite, alpha, _) in zip(self._movers, self._sprites, strict=True):
            east, north = one.at(time_s)
            share = self._scene.canvas.cell_m / cell
            small = cv2.resize(sprite, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
            outline = cv2.resize(alpha, small.shape[1::-1], interpolation=cv2.INTER_AREA)
            left, top = (
                round(east / cell - small.shape[1] / 2),
                round(image.shape[0] - north / cell - small.shape[0] / 2),
            )
            cut = slice(max(0, top), max(0, top + small.shape[0])), slice(max(0, left), max(0, left + small.shape[1]))
            there = image[cut]
            if there.shape[:2] != small.shape[:2]:
                continue
            before.append((cut, there.copy()))
            image[cut] = (there * (1 - outline[..., None]) + small * outline[..., None]).astype(np.uint8)
        return before

    def _developed(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Lens, exposure and grain."""
        soft = cv2.GaussianBlur(image, (0, 0), 0.6)
        grain = self._grain[int(self._rng.integers(len(self._grain)))]
        top, left = self._rng.integers(0, 64, 2)
        height, width = image.shape[:2]
        light = 1 + 0.03 * float(self._rng.normal())
        noisy = soft.astype(np.float32) * light + grain[top : top + height, left : left + width, None]
        return np.asarray(np.clip(noisy, 0, 255).astype(np.uint8), np.uint8)


def film(
    folder: Path,
    name: str,
    scene: Scene,
    plan: flying.Plan,
    seed: int,
    *,
    movers: list[Mover] | None = None,
    noisy: bool = True,
    gop: int | None = None,
) -> Path:
    """`NAME.mp4`, `NAME.SRT` and `NAME.json` (the truth: waste and cars, each with lat and lon)."""
    folder.mkdir(parents=True, exist_ok=True)
    flown = flying.fly(seed, plan, scene.canvas.size_m, noisy=noisy)
    shots = Film(scene, flown.camera, seed, movers)
    video = folder / f"{name}.mp4"
    with av.open(str(video), "w") as output:
        stream = output.add_stream("libx264", rate=plan.fps)
        stream.width, stream.height = plan.size_px
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.gop_size, context.max_b_frames, context.thread_count = gop or plan.fps, 0, 1
        context.options = {"preset": "superfast", "crf": "23", "sc_threshold": "0"}
        for number, pose in enumerate(flown.true):
            frame = av.VideoFrame.from_ndarray(shots.picture(pose, number / plan.fps), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, plan.fps)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    (folder / f"{name}.SRT").write_text(flying.subtitles(flown, plan.fps), encoding="utf-8")
    (folder / f"{name}.json").write_text(json.dumps(_truth(scene), indent=1), encoding="utf-8")
    return video


def _truth(scene: Scene) -> dict[str, list[dict[str, object]]]:
    def told(one: things.Placed) -> dict[str, object]:
        lat, lon = globe.moved(SOUTH_WEST, one.east_m, one.north_m)
        return {**asdict(one), "lat": lat, "lon": lon}

    return {"waste": [told(one) for one in scene.waste], "cars": [told(one) for one in scene.cars]}
