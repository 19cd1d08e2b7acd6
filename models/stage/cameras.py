"""The real views that scenes are played in: what was measured by eye on each, in pixels of `size`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Split = Literal["tune", "held-out"]
Polygon = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Occluder:
    """Something of the view that stands in front of what is behind its foot."""

    outline: Polygon
    foot_px: int


@dataclass(frozen=True, slots=True)
class Camera:
    name: str
    split: Split
    file: str
    """Under the data folder."""
    size: tuple[int, int]
    """Width and height that its pictures are brought to; every other number of the view is in these pixels."""
    fps: float
    """Pictures a second of a scene: the file's, less those left out."""
    step: int
    """One picture in so many of the file is taken."""
    spans: tuple[tuple[int, int], ...]
    """Pictures (counted after `step`) that may be played as background, whole stretches."""
    empty: tuple[tuple[int, int], ...]
    """Pictures whose median is the view without anybody."""
    heights: tuple[tuple[int, int], tuple[int, int]]
    """The height of a person of 1.7 m at two rows of the feet: (row, height)."""
    ground: Polygon
    """Where one can walk, and put a thing."""
    occluders: tuple[Occluder, ...] = ()
    sun: tuple[float, float] = (0.25, 0.06)
    """Where the shadow of a height of 1 ends, from the foot."""
    sunlight: float = 0.0
    """How much darker a cast shadow is; 0: overcast or indoors, contact shadow only."""
    blur: float = 0.6
    """Sigma of the camera's own softness, pixels."""
    noise: float = 1.5
    grey: bool = False
    crops: tuple[tuple[int, int, int, int], ...] = ()
    """Parts of the view that are cameras of their own: x0, y0, x1, y1; each 4:3."""
    walkers: bool = True
    """People can be put in it: seen from the side enough."""
    vehicles: bool = False
    """Vehicles can be put in it."""
    quiet: tuple[tuple[int, int], ...] = ()
    """Stretches in which nothing moves."""
    outdoors: bool = True
    mirrors: bool = True
    """It has no text that a mirror would show up."""
    busy: bool = True
    """Its own people and vehicles are played with it."""

    def height_px(self, foot_row: float) -> float:
        (row_a, height_a), (row_b, height_b) = self.heights
        slope = (height_b - height_a) / (row_b - row_a)
        return max(8.0, height_a + slope * (foot_row - row_a))


CAMERAS = (
    Camera(
        name="campus",
        split="tune",
        file="negatives/vtest.avi",
        size=(768, 576),
        fps=10.0,
        step=1,
        spans=((0, 540),),
        empty=((0, 540),),
        heights=((179, 68), (559, 155)),
        ground=((0, 205), (330, 212), (480, 190), (640, 120), (700, 120), (690, 200), (768, 290), (768, 576), (0, 576)),
        occluders=(
            Occluder(((424, 96), (430, 96), (437, 390), (431, 390)), 390),
            Occluder(((414, 203), (444, 203), (444, 243), (414, 243)), 390),
            Occluder(((503, 340), (509, 340), (526, 478), (520, 478), (506, 390), (462, 468), (458, 468)), 474),
        ),
        sun=(0.2, 0.05),
        crops=(
            (0, 0, 768, 576),
            (0, 156, 560, 576),
            (288, 120, 768, 480),
            (0, 192, 512, 576),
            (256, 192, 768, 576),
            (128, 160, 608, 520),
        ),
        blur=0.5,
        noise=1.8,
    ),
    Camera(
        name="atrium",
        split="tune",
        file="fights/no_fight/nofi091.mp4",
        size=(640, 480),
        fps=10.0,
        step=1,
        spans=(),
        empty=((0, 38),),
        heights=((200, 58), (380, 92)),
        ground=((0, 150), (250, 150), (420, 175), (540, 170), (600, 300), (640, 420), (420, 440), (100, 370), (0, 330)),
        sun=(0.1, -0.2),
        outdoors=False,
        crops=((0, 0, 640, 480), (80, 90, 600, 480)),
        blur=1.3,
        noise=2.5,
        busy=False,
    ),
    Camera(
        name="asphalt",
        split="tune",
        file="negatives/car-detection.mp4",
        size=(768, 432),
        fps=12.5,
        step=1,
        spans=((0, 376),),
        empty=((0, 45), (110, 180), (250, 310)),
        heights=((85, 107), (366, 150)),
        ground=((0, 0), (768, 0), (768, 432), (0, 432)),
        sun=(0.1, 0.05),
        crops=((0, 0, 768, 432),),
        blur=0.8,
        noise=1.5,
        walkers=False,
        vehicles=True,
        quiet=((112, 178), (252, 308)),
    ),
    Camera(
        name="pavement",
        split="held-out",
        file="dumping/aboda_video4.avi",
        size=(720, 480),
        fps=10.0,
        step=3,
        spans=((25, 94),),
        empty=((25, 94),),
        heights=((132, 125), (465, 200)),
        ground=((235, 0), (475, 0), (480, 480), (0, 480), (20, 390), (80, 260)),
        occluders=(
            Occluder(((515, 289), (540, 285), (700, 305), (718, 345), (720, 480), (500, 480), (500, 345)), 500),
            Occluder(((530, 236), (577, 240), (577, 289), (530, 289)), 290),
        ),
        sun=(0.15, 0.05),
        crops=((0, 0, 640, 480), (80, 0, 720, 480), (0, 60, 560, 480), (60, 0, 540, 360)),
        blur=0.7,
        noise=1.8,
    ),
    Camera(
        name="table",
        split="held-out",
        file="negatives/one-by-one-person-detection.mp4",
        size=(768, 432),
        fps=10.0,
        step=1,
        spans=((0, 55), (205, 228), (700, 745), (875, 915)),
        empty=((0, 50), (205, 228), (700, 740), (880, 910)),
        heights=((370, 335), (420, 372)),
        ground=((0, 300), (768, 300), (768, 432), (0, 432)),
        sun=(0.05, 0.05),
        outdoors=False,
        crops=((0, 0, 768, 432), (96, 0, 672, 432)),
        blur=0.7,
        noise=1.2,
    ),
    Camera(
        name="motorway",
        split="held-out",
        file="negatives/road_bgs_video03.avi",
        size=(640, 480),
        fps=10.0,
        step=3,
        spans=((0, 560),),
        empty=((0, 560),),
        heights=((158, 44), (446, 124)),
        ground=((0, 320), (130, 250), (290, 110), (390, 0), (430, 0), (340, 130), (180, 290), (60, 410), (0, 460)),
        sun=(-0.45, 0.12),
        sunlight=0.35,
        vehicles=True,
        crops=((0, 0, 640, 480), (0, 120, 480, 480)),
        blur=1.2,
        noise=2.0,
    ),
    Camera(
        name="yard",
        split="held-out",
        file="fights/no_fight/nofi051.mp4",
        size=(640, 480),
        fps=10.0,
        step=1,
        spans=(),
        empty=((0, 52),),
        heights=((120, 70), (440, 150)),
        vehicles=True,
        ground=((0, 165), (215, 165), (390, 200), (500, 215), (470, 330), (440, 480), (0, 480)),
        sun=(0.2, 0.05),
        crops=((0, 0, 640, 480), (0, 60, 560, 480), (0, 120, 480, 480)),
        blur=1.0,
        noise=2.5,
        mirrors=False,
        busy=False,
    ),
    Camera(
        name="car park",
        split="held-out",
        file="fights/no_fight/nofi031.mp4",
        size=(640, 360),
        fps=10.0,
        step=1,
        spans=(),
        empty=((0, 47),),
        heights=((185, 94), (333, 201)),
        ground=((0, 190), (150, 178), (290, 245), (530, 320), (640, 350), (640, 360), (0, 360)),
        sun=(0.1, 0.05),
        crops=((0, 0, 640, 360), (0, 0, 480, 360)),
        blur=0.9,
        noise=3.0,
        grey=True,
        outdoors=False,
        mirrors=False,
        busy=False,
    ),
)


def of_split(split: Split) -> tuple[Camera, ...]:
    return tuple(camera for camera in CAMERAS if camera.split == split)


def named(name: str) -> Camera:
    return next(camera for camera in CAMERAS if camera.name == name)
