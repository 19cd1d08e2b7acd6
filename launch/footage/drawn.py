"""A street drawn by program, for machines where the package with the filmed one cannot be had."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from launch.footage import carrier, label, scene, thing
from launch.footage.thing import Picture

WIDTH_PX, HEIGHT_PX = 768, 576
FRAME_RATE = 10
LENGTH_S = 70.0
GRAIN_LEVELS = 2.5
GRAIN_FIELDS = 7  # drawn once and shown in turn
SUBPIXEL = 4  # bits of OpenCV's fixed-point coordinates

Colour = tuple[int, int, int]
SKIN, HAIR, SHOES = (140, 170, 205), (30, 35, 45), (35, 35, 35)
CARDBOARD = {"top": (120, 165, 195), "left": (75, 112, 140), "right": (58, 88, 112)}
STEP_S = 1.05  # two steps


@dataclass(frozen=True)
class Walker:
    """Somebody who walks through waypoints (time in s, feet in px); outside them he is not in the street."""

    waypoints: tuple[tuple[float, float, float], ...]
    coat: Colour
    trousers: Colour

    def feet_px(self, time_s: float) -> tuple[float, float] | None:
        times = [waypoint[0] for waypoint in self.waypoints]
        if not times[0] <= time_s <= times[-1]:
            return None
        x = np.interp(time_s, times, [waypoint[1] for waypoint in self.waypoints])
        y = np.interp(time_s, times, [waypoint[2] for waypoint in self.waypoints])
        return float(x), float(y)

    def moving(self, time_s: float) -> bool:
        before, after = self.feet_px(time_s - 0.1), self.feet_px(time_s + 0.1)
        return before is not None and after is not None and math.dist(before, after) > 1.0


PASSERS_BY = (
    Walker(((0.0, 690.0, 330.0), (12.0, 60.0, 262.0), (14.0, -40.0, 255.0)), (60, 45, 40), (120, 80, 50)),
    Walker(((1.0, -30.0, 300.0), (16.0, 800.0, 372.0)), (45, 50, 150), (50, 45, 40)),
    Walker(((20.0, 800.0, 300.0), (36.0, -30.0, 250.0)), (150, 120, 70), (45, 45, 50)),
    Walker(((33.0, -30.0, 268.0), (50.0, 800.0, 345.0)), (70, 110, 60), (90, 60, 45)),
    Walker(((47.0, 800.0, 330.0), (64.0, -30.0, 262.0)), (50, 50, 55), (125, 90, 60)),
    Walker(((52.0, -30.0, 470.0), (66.0, 800.0, 520.0)), (90, 60, 110), (50, 40, 40)),
)
CARRIER = Walker(
    ((12.0, 820.0, 430.0), (23.0, 330.0, 356.0), (26.0, 330.0, 356.0), (37.0, 820.0, 425.0)), (35, 35, 40), (45, 40, 38)
)
LOWERING_S = 23.4, 24.6
HOLD_AHEAD, HOLD_UP = 0.20, 0.30  # of his heights, as in `staging`
PLACED_PX = (296.0, 384.0)


class DrawnStreet:
    """A `scene.Scene` of drawn figures; the same each time."""

    def __init__(self) -> None:
        self.width_px, self.height_px = WIDTH_PX, HEIGHT_PX
        self.frame_rate = FRAME_RATE
        self.frame_count = round(LENGTH_S * FRAME_RATE)
        first, last = (round(CARRIER.waypoints[end][0] * FRAME_RATE) for end in (0, -1))
        self.dumping = scene.dumping(
            "drawn carton",
            [_moment(frame / FRAME_RATE) for frame in range(first, last + 2)],
            lowering_s=LOWERING_S[0],
            placed_s=LOWERING_S[1],
        )

    def pictures(self) -> Iterator[tuple[Picture, Picture]]:
        generator = np.random.default_rng(2)
        street = _street(generator)
        shape = (HEIGHT_PX, WIDTH_PX, 1)
        grain = [generator.normal(0, GRAIN_LEVELS, shape).round().astype(np.int16) for _ in range(GRAIN_FIELDS)]
        for frame in range(self.frame_count):
            time_s = frame / FRAME_RATE
            pair = (_draw(street, time_s, with_thing=False), _draw(street, time_s, with_thing=True))
            clean, staged = (_grainy(picture, grain[frame % GRAIN_FIELDS]) for picture in pair)
            yield clean, label.burn(staged)


def _grainy(picture: Picture, grain: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> Picture:
    return np.asarray((picture + grain).clip(0, 255), np.uint8)


def _moment(time_s: float) -> scene.Moment:
    feet = CARRIER.feet_px(time_s)
    standing = feet or CARRIER.waypoints[-1][1:]
    return scene.Moment(
        time_s=time_s,
        thing_px=scene.cut_to_picture(_carton_box(time_s), WIDTH_PX, HEIGHT_PX),
        carrier_feet_px=standing,
        carrier_height_px=carrier.height_at(standing[1]),
        carrier_seen=feet is not None and 0 <= feet[0] < WIDTH_PX,
    )


def _street(generator: np.random.Generator) -> Picture:
    """House, road, pavement and grass, with the unevenness that real ground has."""
    street = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.float32)
    street[:] = (168, 166, 163)
    street[:110] = (84, 104, 142)
    for left in range(40, WIDTH_PX - 60, 120):
        cv2.rectangle(street, (left, 22), (left + 60, 80), (70, 62, 58), -1)
        cv2.rectangle(street, (left, 22), (left + 60, 80), (190, 190, 188), 2)
    cv2.rectangle(street, (0, 110), (WIDTH_PX, 190), (120, 119, 117), -1)
    grass = np.array([(0, 340), (WIDTH_PX, 480), (WIDTH_PX, HEIGHT_PX), (0, HEIGHT_PX)], np.int32)
    cv2.fillPoly(street, [grass], (58, 116, 84))
    cv2.line(street, (0, 340), (WIDTH_PX, 480), (150, 150, 148), 5, cv2.LINE_AA)
    for size, levels in ((1.2, 14.0), (6.0, 30.0), (30.0, 90.0)):
        uneven = generator.normal(0, levels, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
        street += cv2.GaussianBlur(uneven, (0, 0), size)[..., None]
    return np.asarray(cv2.GaussianBlur(street, (0, 0), 0.6).clip(0, 255), np.uint8)


def _draw(street: Picture, time_s: float, *, with_thing: bool) -> Picture:
    """Everything that stands on the ground, the farthest first."""
    picture = street.copy()
    standing: list[tuple[float, Callable[[Picture], None]]] = []
    for walker in (*PASSERS_BY, CARRIER):
        feet = walker.feet_px(time_s)
        if feet is not None:
            bend = _bend(time_s) if walker is CARRIER and with_thing else 0.0
            holds = walker is CARRIER and with_thing and time_s < LOWERING_S[1]
            standing.append((feet[1], _figure(walker, feet, time_s, bend=bend, holds=holds)))
    if with_thing and time_s >= CARRIER.waypoints[0][0]:
        standing.append((_carton_ground_y_px(time_s), _carton(time_s)))
    for _, draw in sorted(standing, key=lambda entry: entry[0]):
        draw(picture)
    return picture


def _bend(time_s: float) -> float:
    """How far the carrier bends, 0..1: down while he lowers the carton, up again before he leaves."""
    begin, end = LOWERING_S
    return float(np.interp(time_s, (begin, end, end + 0.3, end + 0.9), (0.0, 1.0, 1.0, 0.0)))


def _figure(
    walker: Walker, feet: tuple[float, float], time_s: float, *, bend: float, holds: bool
) -> Callable[[Picture], None]:
    height = carrier.height_at(feet[1])
    swing = math.sin(2 * math.pi * time_s / STEP_S) if walker.moving(time_s) else 0.15
    x, y = feet
    hip = (x, y - 0.48 * height * (1 - 0.25 * bend))
    lean = -0.28 * bend
    neck = (x + lean * height, hip[1] - 0.34 * height * (1 - 0.35 * bend))
    head = (neck[0] + lean * 0.2 * height, neck[1] - 0.085 * height)

    def draw(picture: Picture) -> None:
        cv2.ellipse(
            picture, (round(x), round(y)), (round(0.2 * height), round(0.05 * height)), 0, 0, 360, (95,) * 3, -1
        )
        for side in (-1, 1):
            foot = (x + side * swing * 0.16 * height, y - abs(side * swing) * 0.02 * height)
            _limb(picture, hip, foot, 0.10 * height, walker.trousers)
            _limb(picture, foot, (foot[0] - 0.05 * height, foot[1]), 0.06 * height, SHOES)
        _limb(picture, hip, neck, 0.21 * height, walker.coat)
        for side in (-1, 1):
            reach = -0.2 if holds else -side * swing * 0.13
            hand = (neck[0] + (reach + 0.02 * side) * height, neck[1] + (0.26 if holds else 0.34) * height)
            _limb(picture, (neck[0], neck[1] + 0.04 * height), hand, 0.07 * height, walker.coat)
        cv2.circle(picture, *_fixed(head, 0.07 * height), SKIN, -1, cv2.LINE_AA, SUBPIXEL)
        cv2.circle(
            picture, *_fixed((head[0], head[1] - 0.025 * height), 0.06 * height), HAIR, -1, cv2.LINE_AA, SUBPIXEL
        )

    return draw


def _fixed(centre: tuple[float, float], radius: float) -> tuple[tuple[int, int], int]:
    one = 1 << SUBPIXEL
    return (round(centre[0] * one), round(centre[1] * one)), round(radius * one)


def _limb(
    picture: Picture, begin: tuple[float, float], end: tuple[float, float], width_px: float, colour: Colour
) -> None:
    (start, _), (stop, _) = _fixed(begin, 0), _fixed(end, 0)
    cv2.line(picture, start, stop, colour, max(1, round(width_px)), cv2.LINE_AA, SUBPIXEL)


def _lowered(time_s: float) -> float:
    return float(np.interp(time_s, LOWERING_S, (0.0, 1.0)))


def _carton_foot(time_s: float) -> tuple[float, float]:
    x, y = CARRIER.feet_px(min(time_s, LOWERING_S[1])) or CARRIER.waypoints[0][1:]
    height = carrier.height_at(y)
    lowered = _lowered(time_s)
    held = x - HOLD_AHEAD * height, y - HOLD_UP * height
    return (1 - lowered) * held[0] + lowered * PLACED_PX[0], (1 - lowered) * held[1] + lowered * PLACED_PX[1]


def _carton_ground_y_px(time_s: float) -> float:
    """The row it stands above; while he holds it, just behind him, so that his arms are seen."""
    feet = CARRIER.feet_px(min(time_s, LOWERING_S[1])) or CARRIER.waypoints[0][1:]
    return PLACED_PX[1] if _lowered(time_s) > 0 else feet[1] - 1


def _carton_faces(time_s: float) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    corners = thing.upright_corners()
    foot = np.array(_carton_foot(time_s))
    scale = carrier.metre_px(_carton_ground_y_px(time_s)) / thing.METRE_PX
    front = np.array(corners["front low"])
    return {
        face: np.array([(np.array(corners[name]) - front) * scale + foot for name in names])
        for face, names in thing.FACES.items()
    }


def _carton_box(time_s: float) -> scene.PixelBox:
    points = np.concatenate(list(_carton_faces(time_s).values()))
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1), float(y1), float(x2), float(y2)


def _carton(time_s: float) -> Callable[[Picture], None]:
    faces = _carton_faces(time_s)

    def draw(picture: Picture) -> None:
        if _lowered(time_s) >= 1:
            left, front, right = faces["left"][3], faces["left"][2], faces["right"][2]
            base = np.array([left, front, right, left + right - front])
            cv2.fillPoly(picture, [(base + np.array((0, 2))).round().astype(np.int32)], (40, 62, 48), cv2.LINE_AA)
        for face, points in faces.items():
            cv2.fillConvexPoly(
                picture, (points * (1 << SUBPIXEL)).round().astype(np.int32), CARDBOARD[face], cv2.LINE_AA, SUBPIXEL
            )

    return draw
