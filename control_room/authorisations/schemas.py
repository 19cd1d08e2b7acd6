"""What the routes of permissions take and give."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from control_room import fields
from wire.message import UtcTime

Kind = Literal["fixed", "mobile"]
Regime = Literal["lo_7_2021", "gdpr"]


class Area(BaseModel):
    """GeoJSON: a Polygon or MultiPolygon, longitude first."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: Annotated[list[Any], Field(min_length=1, max_length=1000)]


class NewAuthorisation(BaseModel):
    """A permission as its authority gave it."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    authority: fields.Line
    reference: fields.Line
    purpose: fields.Line
    legal_regime: Regime = "lo_7_2021"
    conditions: fields.Prose | None = None
    area: Area | None = None
    """Null: the whole town."""
    audio_allowed: bool = False
    dpia_reference: fields.Line | None = None
    valid_from: AwareDatetime
    valid_to: AwareDatetime


class Extension(BaseModel):
    """The one time that a mobile permission is prolonged, from its end."""

    model_config = ConfigDict(extra="forbid")

    reference: fields.Line
    valid_to: AwareDatetime
    reason: fields.Line


class AuthorisationRevocation(BaseModel):
    """Why it holds no more."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Line


class AuthorisationItem(BaseModel):
    """A permission and how it stands now."""

    model_config = ConfigDict(extra="ignore")

    authorisation_id: uuid.UUID
    kind: Kind
    authority: str
    reference: str
    purpose: str
    legal_regime: Regime
    conditions: str | None
    area: Area | None
    audio_allowed: bool
    dpia_reference: str | None
    valid_from: UtcTime
    valid_to: UtcTime
    extension_of: uuid.UUID | None
    extended_by: uuid.UUID | None
    created_at: UtcTime
    created_by: str
    revoked_at: UtcTime | None
    flights: int
    """Flown under it."""
    state: Literal["coming", "in_force", "ended", "revoked"]
    days_left: int | None
    """Whole days until it ends; null: it is not in force."""
    warning: Literal["renew_soon", "renew_now", "ends_soon"] | None
    may_extend: bool


class AuthorisationHistoryItem(BaseModel):
    """What was done with it."""

    at: UtcTime
    actor: str
    action: Literal["add", "extend", "revoke"]
    reason: str | None


class AuthorisationDetail(AuthorisationItem):
    """A permission with its history."""

    history: list[AuthorisationHistoryItem]


class AuthorisationPage(BaseModel):
    """Permissions, those that end last first."""

    items: list[AuthorisationItem]
    next_cursor: uuid.UUID | None
