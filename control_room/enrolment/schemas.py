"""What the routes of enrolment take and give beside `wire/enrolment.py`."""

from pydantic import BaseModel

from wire.message import UtcTime


class EnrolmentCode(BaseModel):
    """A one-time code; it is shown once."""

    device_id: str
    code: str
    expires_at: UtcTime
    command: str
    """What to type on the device."""
