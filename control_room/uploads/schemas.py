"""What the uploads routes give beside the headers of tus."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from control_room.probing.result import Found


class UploadItem(BaseModel):
    """A file that comes, or has come, in pieces."""

    upload_id: uuid.UUID
    kind: Literal["whole", "partial", "final"]
    state: Literal["coming", "finished"]
    name: str | None
    offset: int
    """Bytes that are here."""
    length: int
    sha256: str | None
    """Of the whole; while it comes, what its sender said."""
    found: Found | None
    """What it is; null while it comes, and for a device's file, which the room does not look into."""
    expires_at: datetime
