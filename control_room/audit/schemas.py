"""What the audit route gives."""

from typing import Any

from pydantic import BaseModel

from wire.message import UtcTime


class AuditItem(BaseModel):
    """One act."""

    audit_id: int
    at: UtcTime
    """Server's clock."""
    actor_kind: str
    """`user`, `device`, `command` (somebody at the machine itself), `anonymous` or `system`."""
    actor: str
    role: str | None
    address: str | None
    action: str
    object_kind: str | None
    object_id: str | None
    reason: str | None
    result: str
    """`ok`, or why it was refused."""
    detail: dict[str, Any] | None


class AuditPage(BaseModel):
    """Acts, the newest first."""

    items: list[AuditItem]
    next_cursor: str | None
    """For the next, older page; null on the last."""
