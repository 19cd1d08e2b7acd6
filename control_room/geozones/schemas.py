"""What the geozone routes give."""

import uuid
from typing import Any, Literal

from pydantic import BaseModel

from control_room.geozones.zone import Geozone
from wire.message import UtcTime


class DatasetItem(BaseModel):
    """A file of geozones that was taken in."""

    dataset_id: uuid.UUID
    source: str
    version: int
    """Counts the files of this source."""
    dialect: Literal["ed269_zone_list", "ed269_features", "ed318"]
    title: str | None
    issued_at: UtcTime | None
    """Its publisher's time."""
    sha256: str
    zones: int
    doubts: list[str]
    imported_at: UtcTime
    imported_by: str
    replaced_at: UtcTime | None
    """Null: it is the present one of its source."""


class DatasetList(BaseModel):
    """The present ones first, then older ones, at most 200."""

    items: list[DatasetItem]


class GeozoneItem(BaseModel):
    """A zone and the file that it is from."""

    geozone_id: uuid.UUID
    dataset_id: uuid.UUID
    source: str
    version: int
    zone: Geozone


class GeozonePage(BaseModel):
    """Zones by identifier."""

    items: list[GeozoneItem]
    next_cursor: uuid.UUID | None
    """For the next page; null on the last."""


class GeozoneFeature(BaseModel):
    """A volume of a zone on the map; a circle as a polygon of 64 corners."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: dict[str, Any]


class GeozoneFeatures(BaseModel):
    """GeoJSON of the zones in a box."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[GeozoneFeature]
    complete: bool
    """False: there are more zones there than are drawn at once; come closer."""
