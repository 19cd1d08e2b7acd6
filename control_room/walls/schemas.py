"""What the routes of walls take and give."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from wire.message import UtcTime

PLACES_MOST = 16

_NAME = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
Place = Annotated[str, StringConstraints(pattern=rf"^(camera/{_NAME}/{_NAME}|source/[0-9a-f-]{{36}})$")]
"""`camera/{device_id}/{camera_id}` or `source/{source_id}`."""

Layout = Literal["one", "four", "nine", "sixteen", "main_five"]


class WantedWall(BaseModel):
    """How a wall is to be arranged."""

    model_config = ConfigDict(extra="forbid")

    layout: Layout
    places: list[Place | None] = Field(max_length=PLACES_MOST)
    """What lies in which place; null: nothing. Whether it may be watched is asked when it is shown, not here."""
    version: int | None = Field(default=None, ge=1)
    """Of the wall that was changed; null: it is a new one."""

    @model_validator(mode="after")
    def _each_in_one_place(self) -> Self:
        named = [place for place in self.places if place is not None]
        if len(named) != len(set(named)):
            raise PydanticCustomError("wall_place_twice", "a camera or source lies in one place only")
        return self


class WallItem(BaseModel):
    """A wall that is kept."""

    name: str
    shared: bool
    """It is the room's: an administrator made it, all may show it."""
    layout: Layout
    places: list[str | None]
    version: int
    changed_at: UtcTime
    """Server."""
    changed_by: str


class WallList(BaseModel):
    """One's own walls and then those of the room, each by name."""

    items: list[WallItem]
    own_most: int
    """How many one may keep."""
