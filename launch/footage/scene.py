"""What every scene gives, be it filmed or drawn: its pictures with and without the dumping, and when what happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from launch.footage.thing import Picture

OWNER_RADIUS = 1.5  # of the carrier's heights; beyond it he has left the thing

PixelBox = tuple[float, float, float, float]
"""x1, y1, x2, y2 in px of the picture, cut at its edges."""


@dataclass(frozen=True)
class Moment:
    """One frame of the dumping."""

    time_s: float
    thing_px: PixelBox | None  # None where nothing of it is in the picture
    carrier_feet_px: tuple[float, float]
    carrier_height_px: float
    carrier_seen: bool


@dataclass(frozen=True)
class Dumping:
    """When the dumping happens, in seconds from the clip's first frame."""

    thing: str
    appears_s: float  # its first frame in the picture
    lowering_s: float  # leaves the carrier's arms
    placed_s: float  # rests
    owner_gone_s: float  # the carrier is farther from it than OWNER_RADIUS
    owner_left_picture_s: float
    bbox_px: PixelBox  # where it rests
    moments: tuple[Moment, ...]


class Scene(Protocol):
    """A street, once as it was and once with the dumping in it."""

    width_px: int
    height_px: int
    frame_rate: int
    frame_count: int
    dumping: Dumping

    def pictures(self) -> Iterator[tuple[Picture, Picture]]:
        """For every frame the street and the staged street; the same each time."""


def dumping(thing: str, moments: list[Moment], *, lowering_s: float, placed_s: float) -> Dumping:
    """Read off the moments when the thing appears and when its carrier is away from it."""
    appears_s = next(moment.time_s for moment in moments if moment.thing_px is not None)
    rest = next(moment for moment in moments if moment.time_s >= placed_s)
    if rest.thing_px is None:
        raise ValueError(f"The {thing} rests outside the picture.")
    after = [moment for moment in moments if moment.time_s >= placed_s]
    return Dumping(
        thing=thing,
        appears_s=appears_s,
        lowering_s=lowering_s,
        placed_s=placed_s,
        owner_gone_s=next(moment.time_s for moment in after if _away(moment, rest.thing_px)),
        owner_left_picture_s=next(moment.time_s for moment in after if not moment.carrier_seen),
        bbox_px=rest.thing_px,
        moments=tuple(moments),
    )


def _away(moment: Moment, thing_px: PixelBox) -> bool:
    if not moment.carrier_seen:
        return True
    across = moment.carrier_feet_px[0] - (thing_px[0] + thing_px[2]) / 2
    down = moment.carrier_feet_px[1] - thing_px[3]
    return bool((across**2 + down**2) ** 0.5 > OWNER_RADIUS * moment.carrier_height_px)


def cut_to_picture(box: PixelBox, width_px: int, height_px: int) -> PixelBox | None:
    """The part of the box inside the picture, None where there is none."""
    x1, y1, x2, y2 = max(0.0, box[0]), max(0.0, box[1]), min(float(width_px), box[2]), min(float(height_px), box[3])
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None
