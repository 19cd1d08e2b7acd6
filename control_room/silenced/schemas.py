"""What the route of silenced occurrences gives."""

from datetime import date

from pydantic import BaseModel

from wire.message import UtcTime


class SilencedItem(BaseModel):
    """Occurrences that a rule found and that were not told as alerts."""

    device_id: str
    camera_id: str
    rule: str
    activity: str | None
    """The name of the expected activity that explains them; null: they came within the rule's cool-down."""
    occurrences: int


class SilencedList(BaseModel):
    """Of one day in the town's time."""

    day: date
    since: UtcTime
    """Where that day begins."""
    items: list[SilencedItem]
