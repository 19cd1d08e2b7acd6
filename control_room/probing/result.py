"""What is asked of the processes that look into files, and what they found; between them and the service as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Reason = Literal[
    "unknown_kind",  # not one of the kinds that are taken
    "alien_kind",  # known to be something else: an archive, a program, a playlist
    "other_kind",  # not what its name or its sender says that it is
    "codec",  # a codec outside the list
    "too_large",  # too many pixels, streams or frames a second
    "external",  # speaks of another file or address
    "damaged",  # cannot be read to where it says that it goes
    "limits",  # took more memory or time than it may
    "sandbox",  # the process could not be shut in, so nothing was looked at
]


class Request(BaseModel):
    """How a file is to be looked at: what its sender calls it, and for how long at most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    extension: str = Field(max_length=16)
    media_type: str = Field(max_length=100)
    wall_s: float = Field(ge=0)


class Stream(BaseModel):
    """One stream of a container."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["video", "audio", "data", "subtitle"]
    codec: str = Field(max_length=40)
    width_px: int | None = Field(default=None, ge=1, le=100_000)
    height_px: int | None = Field(default=None, ge=1, le=100_000)
    frame_rate: float | None = Field(default=None, gt=0, le=100_000, allow_inf_nan=False)
    rotation_deg: int = Field(default=0, ge=-360, le=360)


class Found(BaseModel):
    """The file is of a kind that is taken, and its first pictures could be decoded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    container: str = Field(max_length=40)
    media_type: str = Field(max_length=100)
    bytes: int = Field(ge=1)
    duration_s: float | None = Field(default=None, ge=0, le=1_000_000, allow_inf_nan=False)
    created_at: AwareDatetime | None = None
    """As the file says that it was begun, by whatever clock."""
    streams: list[Stream] = Field(default=[], max_length=16)


class Refused(BaseModel):
    """The file is not taken, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason
    message: str = Field(max_length=300)


class Outcome(BaseModel):
    """One of both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    found: Found | None = None
    refused: Refused | None = None
