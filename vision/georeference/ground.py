"""What a ray meets. Heights are above the ground at take-off: `abs_alt` is in another datum and never used here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vision.georeference import errors

if TYPE_CHECKING:
    from vision.georeference.errors import Floats
    from vision.georeference.pose import Pose


@dataclass(frozen=True, slots=True)
class Plane:
    """The ground about where the ray meets it, east and north of the drone."""

    height_m: float = 0.0
    """At `east_m`, `north_m`."""
    east_m: float = 0.0
    north_m: float = 0.0
    slope_east: float = 0.0
    """Metres up a metre."""
    slope_north: float = 0.0


class Ground(Protocol):
    """Knows its own error."""

    @property
    def name(self) -> str: ...

    def below(self, pose: Pose, ray: Floats) -> Plane:
        """Where a ray (east, north, up) from the pose meets the ground. Raise RefusedError."""
        ...

    def sigma_m(self, distance_m: float) -> float:
        """Of the height so far from the drone."""
        ...


@dataclass(frozen=True, slots=True)
class FlatGround:
    """As level as the point of take-off."""

    name: str = "flat ground"

    def below(self, pose: Pose, ray: Floats) -> Plane:  # noqa: ARG002 - the same below every ray
        return Plane()

    def sigma_m(self, distance_m: float) -> float:
        return errors.rss(errors.FLAT_GROUND_M, errors.FLAT_GROUND_SHARE * distance_m)
