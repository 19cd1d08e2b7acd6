"""What one look shows at one place, and how it is stored with its span."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vision import geometry
from vision.track import PERSON, VEHICLES

if TYPE_CHECKING:
    from vision.geometry import Box

UNUSUAL, DETECTED, CHANGED = "unusual", "detected", "changed"
VEHICLE = "vehicle"
_SAME_SHARE = 0.3
"""Boxes of one look that share so much of the smaller one are of one thing;"""
_PART_MAX = 3.0
"""but a heap so many times larger than a person does not belong to that person."""
_ON_FOOT = frozenset({PERSON, "bicycle"})


def group_of(label: str | None) -> str:
    """`person`, `vehicle` or `thing`: each is followed apart."""
    if label in _ON_FOOT:
        return PERSON
    return VEHICLE if label in VEHICLES else "thing"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Lengths in metres, colours in Lab."""

    look: int
    """Which of the span's looks."""
    kind: str
    label: str | None
    strength: float
    """Standard deviations of an unusual or changed patch; the confidence of a detection."""
    box: Box
    """In 0..1 of the picture."""
    length_m: float
    width_m: float
    fill: float = 1.0
    colour: tuple[float, float, float] | None = None
    around: tuple[float, float, float] | None = None
    texture: float = 0.0
    repeats: float = 0.0
    track: int = -1
    """Within its span."""
    at_m: tuple[float, float] = (0.0, 0.0)
    """East and north on its span's ground, as the pictures agree on it: good for distances within a span only."""

    def to_json(self) -> dict[str, Any]:
        plain = asdict(self)
        for key in ("strength", "length_m", "width_m", "fill", "texture", "repeats"):
            plain[key] = round(plain[key], 3)
        plain["at_m"] = [round(metres, 2) for metres in self.at_m]
        plain["box"] = [round(edge, 5) for edge in self.box]
        for key in ("colour", "around"):
            plain[key] = None if plain[key] is None else [round(value, 1) for value in plain[key]]
        return plain

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Sighting:
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()
        }
        return cls(**plain)


def same_things(found: list[Sighting]) -> list[list[Sighting]]:
    """Sightings of one look by thing; in each group the one that says most comes first.

    A patch where the detector sees a person or a vehicle is that person or vehicle.
    """
    groups: list[list[Sighting]] = []
    for one in sorted(found, key=_says):
        group = next((group for group in groups if _same(group[0], one)), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    return groups


def _says(one: Sighting) -> tuple[int, float]:
    order = {"person": 0, VEHICLE: 1, "thing": 2}[group_of(one.label)]
    return (order, 0.0) if order < 2 else (2 if one.kind != CHANGED else 3, -one.strength)  # noqa: PLR2004 - things


def _same(first: Sighting, one: Sighting) -> bool:
    mine, its = geometry.area(first.box), geometry.area(one.box)
    if geometry.overlap(first.box, one.box) < _SAME_SHARE * min(mine, its):
        return False
    return group_of(first.label) == group_of(one.label) == "thing" or its <= _PART_MAX * mine
