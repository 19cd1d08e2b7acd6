"""What the routes that turn cameras take and give."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from control_room import fields
from wire.live import PtzAct
from wire.message import UtcTime

Deflection = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


class PtzOrder(BaseModel):
    """One of: pan, tilt and zoom; stop; preset; home."""

    model_config = ConfigDict(extra="forbid")

    pan: Deflection | None = None
    """Right is positive."""
    tilt: Deflection | None = None
    """Up."""
    zoom: Deflection | None = None
    """In."""
    mode: Literal["move", "to", "by"] = "move"
    """`move`: these are shares of its greatest speed, for a second and a half at most: say it again while it is to go
    on; `to`: a place in the whole range; `by`: a step."""
    stop: Literal[True] | None = None
    preset: str | None = Field(default=None, min_length=1, max_length=100)
    """Its token."""
    home: Literal[True] | None = None
    take_over: fields.Line | None = None
    """Why the camera is taken from whoever turns it; he sees who did."""

    @property
    def turns(self) -> bool:
        return not (self.pan is None and self.tilt is None and self.zoom is None)

    @property
    def act(self) -> PtzAct:
        if self.stop:
            return "stop"
        if self.home:
            return "home"
        return self.mode if self.preset is None else "preset"

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        said = [self.turns, self.stop is not None, self.preset is not None, self.home is not None]
        if said.count(True) != 1:
            raise ValueError("give one of: pan, tilt and zoom; stop; preset; home")
        return self


class PtzPresetItem(BaseModel):
    """A view that the camera remembers."""

    token: str
    name: str


class PtzState(BaseModel):
    """How a camera stands, as its device last said, and who turns it."""

    device_id: str
    camera_id: str
    state: Literal["home", "moving", "away", "unknown"]
    """`away`: it stands and does not look where it usually does, so rules that need that rest."""
    since: UtcTime
    """The device's clock."""
    home: bool
    """Whether it knows a place to return to."""
    presets: list[PtzPresetItem]
    trouble: str
    """Why it does not obey; empty: all is well."""
    locked_by: str | None
    """Another person who turns it now; null: nobody, or oneself."""
    held: bool
    """Whether one turns it oneself now."""
    locked_until: UtcTime | None
    """From when anybody may turn it, where nothing more is ordered (server)."""
    return_after_s: float
    """When nothing was ordered for so long, its device turns it home."""
