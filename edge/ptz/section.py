"""The table `[camera.ptz]` of the agent's file."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class PtzSection(BaseModel):
    """Where the camera is turned, and how far it is trusted to be."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    onvif: Annotated[str, Field(pattern=r"^onvif://\S+$", max_length=1000)] | None = None
    """None: the camera's own source, where that is one."""
    home: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\r\n]*$")] | None = None
    """Token or name of the preset that is its usual view; None: its own home position."""
    move_ms: int = Field(default=1500, ge=100, le=5000)
    """A movement stops after so long at most where no order follows."""
    settle_s: float = Field(default=3.0, ge=0.5, le=60)
    """How long it stands before its picture counts as still."""
