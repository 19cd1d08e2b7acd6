"""What the live routes take and give; session descriptions are application/sdp."""

import uuid
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from control_room import fields
from wire.identifiers import Identifier
from wire.live import StreamName
from wire.message import UtcTime

SourceKind = Literal["drone", "phone"]
LiveState = Literal["live", "stale", "starting", "off", "dark", "offline", "unknown"]


class IceServerItem(BaseModel):
    """As `RTCPeerConnection` takes it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class IceServers(BaseModel):
    """Which servers a browser asks for its outer address, or to relay its packets."""

    ice_servers: list[IceServerItem]
    expires_at: UtcTime | None
    """When the names and passwords in it end; null: there are none."""


class WatcherItem(BaseModel):
    """Somebody who watches now."""

    user: str
    since: UtcTime
    alert_id: uuid.UUID | None


class LivePublication(BaseModel):
    """What of a camera or source is on its way now."""

    stream: StreamName
    state: Literal["live", "stale", "starting"]
    """`live`: a packet came in the last 3 s; `stale`: none did; `starting`: its device was asked."""
    published_since: UtcTime | None
    last_packet_age_s: float | None
    """By the media process, when this was answered; null: nothing came yet, or it is not known."""
    codec: str | None
    transcoded: bool
    width_px: int | None
    height_px: int | None
    fps: float | None
    bits_s: float | None
    viewers: int


class LiveItem(BaseModel):
    """A camera or a source, with what is on its way of it and who watches."""

    kind: Literal["camera", "drone", "phone"]
    device_id: str | None
    camera_id: str | None
    source_id: uuid.UUID | None
    name: str
    state: LiveState
    """`off`: nobody watches, so nothing is sent; `dark`, `offline`, `unknown`: as the camera's own state."""
    reason: str | None
    """Why it is dark or offline, as its device says."""
    may_watch: bool
    whep_url: str | None
    """Where to post an offer; null where one may not watch."""
    publications: list[LivePublication]
    watchers: list[WatcherItem]


class LiveServer(BaseModel):
    """The process that has the streams."""

    backend: Literal["builtin", "mediamtx"]
    reachable: bool
    fault: str | None
    """Why there is no live video, in one line; null where there is."""
    reason_required: bool
    """Whether also the live picture is shown only under a reason (`POST /api/v1/viewing/reasons`)."""


class LiveList(BaseModel):
    """Cameras and sources by name."""

    server: LiveServer
    items: list[LiveItem]
    at: UtcTime
    """Server's clock, of all ages in it."""


class NewLiveSource(BaseModel):
    """A drone's or telephone's publisher that is to be registered."""

    model_config = ConfigDict(extra="forbid")

    name: fields.Line
    kind: SourceKind
    flight_id: uuid.UUID | None = None
    authorisation_id: uuid.UUID | None = None
    purpose: fields.Line | None = None
    """What it films for. One of the three is needed: without a flight or a permission nothing of it is recorded."""
    device_id: Identifier | None = None
    """Whose positions move it on the map."""

    @model_validator(mode="after")
    def _has_a_ground(self) -> Self:
        if self.flight_id is None and self.authorisation_id is None and self.purpose is None:
            raise PydanticCustomError(
                "no_ground", "name a flight (flight_id), a permission (authorisation_id) or a purpose"
            )
        return self


class PublishAddress(BaseModel):
    """Where a source may send its picture."""

    kind: Literal["whip", "rtmp", "rtsp"]
    url: str
    """Of RTMP, the token is its last part: it is whole only where the token is shown."""


class LiveSourceItem(BaseModel):
    """A source as the list gives it."""

    source_id: uuid.UUID
    name: str
    kind: SourceKind
    flight_id: uuid.UUID | None
    authorisation_id: uuid.UUID | None
    purpose: str | None
    device_id: str | None
    created_at: UtcTime
    created_by: str
    token_made_at: UtcTime
    ended_at: UtcTime | None
    fetched_from: str | None
    """HOST:PORT of the RTSP server where the room fetches it; null: it sends by itself."""
    addresses: list[PublishAddress]
    may_watch: bool


class LiveSourcePage(BaseModel):
    """Sources, the newest first."""

    items: list[LiveSourceItem]
    next_cursor: str | None


class NewLiveToken(LiveSourceItem):
    """A source with the token with which it publishes: `Authorization: Bearer TOKEN`. It is not shown again."""

    token: str


class SavePicture(BaseModel):
    """Why a picture of the moment is saved, written into the audit."""

    model_config = ConfigDict(extra="forbid")

    note: fields.Line | None = None
    alert_id: uuid.UUID | None = None
    """An open alert of the camera is the reason; else one must have been given (`POST /api/v1/viewing/reasons`)."""


class MediaMtxAsks(BaseModel):
    """What MediaMTX asks before it lets somebody read or publish (its HTTP authentication)."""

    model_config = ConfigDict(extra="ignore")

    user: str = Field(default="", max_length=500)
    password: str = Field(default="", max_length=2000)
    token: str = Field(default="", max_length=2000)
    ip: str = Field(default="", max_length=100)
    action: Literal["publish", "read", "playback", "api", "metrics", "pprof"]
    path: str = Field(default="", max_length=500)
    protocol: str = Field(default="", max_length=20)
    id: str | None = Field(default=None, max_length=200)
    query: str = Field(default="", max_length=4000)
