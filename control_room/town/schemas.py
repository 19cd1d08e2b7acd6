"""What the town route gives."""

from pydantic import BaseModel


class TownItem(BaseModel):
    """The town that this room watches over."""

    name: str
    time_zone: str
    """IANA name."""
    lat: float
    lon: float
    zoom: float
    """Of the map at first sight."""
