"""What the evidence routes give."""

import uuid

from pydantic import BaseModel, ConfigDict

from control_room import fields


class ReceiptItem(BaseModel):
    """A file is in the store and survives a power cut."""

    evidence_id: uuid.UUID
    sha256: str
    bytes: int
    announced: bool
    """False: it waits unseen for the message that announces it, a day at most."""


class Keep(BaseModel):
    """Why it must not be erased."""

    model_config = ConfigDict(extra="forbid")

    reason: fields.Line
