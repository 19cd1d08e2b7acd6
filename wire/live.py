"""Live video and the turning of cameras: what `live_start`, `live_stop` and `ptz` ask and answer; lines beside it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from wire.event import Share
from wire.identifiers import Identifier
from wire.message import Part, UtcTime

StreamName = Literal["main", "sub"]
LIVE_TOKEN_HEADER = "Talaia-Live-Token"  # noqa: S105 - a header's name
"""In which a device shows the token of `live_start` at its `whip_url`, beside its own credential."""
LiveRefusal = Literal["no-such-camera", "off", "dark", "masked", "codec", "too-many", "expired"]
"""With one of these and a colon the error begins with which `live_start` is answered.

`off`: live video is switched off, or the camera replays a file as fast as it can; `dark`: no pictures come; `masked`:
its mask zones are not painted, or not proved to be; `codec`: browsers do not play it, and as many streams are coded
again as may be; `too-many`: as many are sent as may be; `expired`: `until` is past.
"""


class IceServer(Part):
    """Where a device finds out its outer address, or has its packets relayed."""

    urls: list[Annotated[str, Field(pattern=r"^(stuns?|turns?):[^\s]+$", max_length=300)]] = Field(
        min_length=1, max_length=4
    )
    username: str | None = Field(default=None, max_length=300)
    credential: str | None = Field(default=None, max_length=300)


class StartLive(Part):
    """`live_start`: publish a camera's pictures to the room by WHIP until then; again: go on longer."""

    camera_id: Identifier
    stream: StreamName = "main"
    whip_url: str = Field(pattern=r"^/[^\s]*$", max_length=1000)
    """On the room that the device knows: a path, with its query."""
    token: str = Field(min_length=1, max_length=2000, pattern=r"^[!-~]+$")
    ice_servers: list[IceServer] = Field(default=[], max_length=8)
    until: UtcTime


class LiveStarted(Part):
    """The answer to `live_start`: it is being published, or about to be."""

    stream: StreamName
    """What is sent: `main` also where a camera that has but one stream is asked for the other."""
    width_px: int = Field(ge=1)
    height_px: int = Field(ge=1)
    transcoded: str = Field(default="", max_length=200)
    """Why the pictures are coded again for browsers; empty: packets are passed on as they are recorded."""
    until: UtcTime


class StopLive(Part):
    """`live_stop`."""

    camera_id: Identifier
    stream: StreamName | None = None
    """None: both."""


class LiveStopped(Part):
    """The answer to `live_stop`."""

    streams: int = Field(ge=0)


DETECTIONS_CHANNEL = "detections"
"""Label of the data channel beside a camera's video: lines of `Detections` one way, `WantDetections` the other."""
DETECTIONS_BYTES_MAX = 8192
DETECTED_MAX = 50
_WANT_BYTES_MAX = 200


def _ordered(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if box[0] > box[2] or box[1] > box[3]:
        raise ValueError("a box is [x1, y1, x2, y2] with x1 <= x2 and y1 <= y2")
    return box


class DetectedObject(Part):
    """One object of a picture as the detector sees it: what it is and where, never who."""

    label: str = Field(min_length=1, max_length=60)
    confidence: Share
    track_id: int = Field(ge=0)
    """Of the agent's tracker: the same object's from line to line, and nobody's beyond that."""
    box: Annotated[tuple[Share, Share, Share, Share], AfterValidator(_ordered)]
    """[x1, y1, x2, y2] in 0..1 of the sent picture."""


class Detections(Part):
    """What the agent saw in one picture; an empty list: nothing any more. Only the newest counts, any may be lost."""

    captured_at: UtcTime
    """Device's clock."""
    rtp_timestamp: int = Field(ge=0, lt=2**32)
    """Of that picture, in the video that goes out on the same connection."""
    objects: list[DetectedObject] = Field(max_length=DETECTED_MAX)


class WantDetections(Part):
    """Whether lines are to come; until it is said a device sends none, and who opened a channel to watch gets them."""

    wanted: bool

    @classmethod
    def heard(cls, said: str | bytes) -> bool | None:
        """Whether lines are wanted by what was said on the channel; None: it is no such word."""
        if len(said) > _WANT_BYTES_MAX:
            return None
        try:
            return cls.model_validate_json(said, strict=True).wanted
        except ValidationError:
            return None


Deflection = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
PtzAct = Literal["move", "to", "by", "preset", "home", "stop"]


class TurnCamera(Part):
    """`ptz`: turn a camera. Right, up and in are positive."""

    camera_id: Identifier
    act: PtzAct
    """`move`: at this share of its greatest speed, until `for_ms` are over or the next order comes; `to`: a place in
    the whole range; `by`: a step, 1 being the whole range."""
    pan: Deflection = 0.0
    tilt: Deflection = 0.0
    zoom: Deflection = 0.0
    for_ms: int = Field(default=1000, ge=50, le=5000)
    preset: str | None = Field(default=None, min_length=1, max_length=100)
    """Its token, as the device's status tells it."""
    return_after_s: float | None = Field(default=None, ge=1, le=86_400, allow_inf_nan=False)
    """The device turns it home by itself when no order has come for so long; null: it stays."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.act == "preset") != (self.preset is not None):
            raise ValueError("preset goes with the act preset, and only with it")
        return self


class Turned(Part):
    """The answer to `ptz`: the camera has taken the order."""

    act: PtzAct
