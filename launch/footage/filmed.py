"""The pedestrian clip of Debian's opencv-doc package, and the carton staged into it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from launch.footage import carrier, encode, label, scene, staging, thing
from launch.footage.package import PackageUnavailableError
from launch.footage.thing import Picture

BACKGROUND_EVERY = 9  # pictures; in the median of 89 nobody is left who walks


class FilmedStreet:
    """A `scene.Scene` of the package's two clips."""

    def __init__(self, street: Path, carton: Path) -> None:
        self._street = street
        photograph = next(itertools.islice(encode.pictures(carton), thing.CARTON_FRAME, None), None)
        if photograph is None:
            raise PackageUnavailableError(f"{carton.name} ends before the picture that the carton is cut from.")
        self._thing = thing.carton(photograph)
        background, self.frame_count = _background(street)
        self._staging = staging.Staging(self._thing, background)
        self.height_px, self.width_px = background.shape[:2]
        self.frame_rate = carrier.FRAME_RATE
        begin, end = carrier.LOWERING_FRAMES
        self.dumping = scene.dumping(
            "carton",
            [self._moment(frame) for frame in range(carrier.FIRST_FRAME, carrier.LAST_FRAME + 2)],
            lowering_s=begin / self.frame_rate,
            placed_s=end / self.frame_rate,
        )

    def pictures(self) -> Iterator[tuple[Picture, Picture]]:
        for frame, picture in enumerate(encode.pictures(self._street)):
            yield picture, label.burn(self._staging.stage(frame, picture))

    def _moment(self, frame: int) -> scene.Moment:
        pose = staging.pose(frame, self._thing.metre_px)
        box = staging.box(pose, self._thing) if pose is not None else None
        man = carrier.stance(frame)
        return scene.Moment(
            time_s=frame / self.frame_rate,
            thing_px=box and scene.cut_to_picture(box, self.width_px, self.height_px),
            carrier_feet_px=man.feet_px,
            carrier_height_px=man.height_px,
            carrier_seen=man.feet_px[0] < self.width_px and frame <= carrier.LAST_FRAME,
        )


def _background(street: Path) -> tuple[Picture, int]:
    """The street without people, and how many pictures the clip has."""
    kept: list[Picture] = []
    count = 0
    for count, picture in enumerate(encode.pictures(street), start=1):
        if count % BACKGROUND_EVERY == 1:
            kept.append(picture)
    if not kept:
        raise PackageUnavailableError(f"{street.name} holds no picture.")
    rows = [np.median([picture[row] for picture in kept], axis=0) for row in range(kept[0].shape[0])]
    return np.asarray(rows, np.uint8), count
