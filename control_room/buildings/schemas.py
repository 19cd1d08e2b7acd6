"""What the routes of building footprints give."""

import uuid

from pydantic import BaseModel

from wire.message import UtcTime


class BuildingSetItem(BaseModel):
    """A file of footprints."""

    building_set_id: uuid.UUID
    name: str
    buildings: int
    south: float
    west: float
    north: float
    east: float
    added_at: UtcTime
    added_by: str


class BuildingSetList(BaseModel):
    """By name; 20 at most."""

    items: list[BuildingSetItem]
