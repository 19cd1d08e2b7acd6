"""Zones of a camera's picture: `{"zones": [{"name", "kind", "points", "rules"}]}`, in JSON and in the agent's TOML."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vision import geometry

ZoneKind = Literal["watch", "mask", "fixture", "no_stopping", "line"]
Share = Annotated[float, Field(ge=0, le=1)]

_LINE_POINTS = 2
_POLYGON_POINTS_MIN = 3


class Zone(BaseModel):
    """A polygon of the picture, or two points for `line`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=100)
    kind: ZoneKind = "watch"
    points: list[tuple[Share, Share]] = Field(min_length=2, max_length=200)
    """(x, y) in 0..1 of the picture."""
    rules: list[str] = []
    """Rules that the zone concerns; empty means all."""

    @model_validator(mode="after")
    def _points_suit_kind(self) -> Zone:
        if self.kind == "line" and len(self.points) != _LINE_POINTS:
            raise ValueError(f"a zone of kind line has 2 points, not {len(self.points)}")
        if self.kind != "line" and len(self.points) < _POLYGON_POINTS_MIN:
            raise ValueError(f"a zone of kind {self.kind} has at least 3 points, not {len(self.points)}")
        return self

    def holds(self, point: geometry.Point) -> bool:
        return geometry.inside(point, self.points)

    def concerns(self, rule: str) -> bool:
        return not self.rules or rule in self.rules


class ZoneFile(BaseModel):
    """What `talaia-edge analyse --zones FILE` reads."""

    model_config = ConfigDict(extra="forbid")

    zones: list[Zone]
