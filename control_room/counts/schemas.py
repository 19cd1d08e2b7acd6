"""What the count routes give."""

from pydantic import BaseModel

from wire.message import UtcTime


class CountItem(BaseModel):
    """One hour of one rule; an hour in which a rule found nothing has no item."""

    hour: UtcTime
    """Its beginning, by the device's clock."""
    rule: str
    opened: int
    """Events that began."""
    messages: int
    """All messages of events."""


class CountList(BaseModel):
    """The first hour first."""

    since: UtcTime
    until: UtcTime
    items: list[CountItem]
