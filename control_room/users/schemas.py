"""What the route of accounts gives."""

from pydantic import BaseModel

from control_room.callers import Role
from control_room.viewing.schemas import WatchedCamerasOfUser
from wire.message import UtcTime


class AccountItem(WatchedCamerasOfUser):
    """A person's account, with what he may watch."""

    role: Role
    language: str
    created_at: UtcTime
    disabled_at: UtcTime | None


class AccountPage(BaseModel):
    """Accounts by name."""

    items: list[AccountItem]
    next_cursor: str | None
