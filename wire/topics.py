"""Every topic: what it carries, from whom, how surely, how large and how often. Nothing else spells a topic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wire.control import AckMessage, CommandMessage, ReplyMessage
from wire.device import MetricsMessage, PositionMessage, StatusMessage
from wire.event import EventMessage

if TYPE_CHECKING:
    from wire.message import Message

ROOT = "talaia/v1"
MESSAGE_ID_PROPERTY = "message_id"
"""MQTT 5 user property of each publish, so that an unreadable message can be acked."""
TRACEPARENT_PROPERTY = "traceparent"
"""MQTT 5 user property of an event's publish where the device traces it (`wire/trace.py`)."""

_KIB = 1024
_TOPIC = re.compile(rf"^{ROOT}/(?P<device_id>[A-Za-z0-9][A-Za-z0-9_.-]{{0,63}})/(?P<name>[a-z]+)\Z")


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the table."""

    name: str
    message: type[Message]
    sender: Literal["device", "room"]
    qos: Literal[0, 1]
    retain: bool
    limit_bytes: int
    usual_rate: str

    def of(self, device_id: str) -> str:
        return f"{ROOT}/{device_id}/{self.name}"

    @property
    def of_all(self) -> str:
        """The filter that subscribes to this topic of every device."""
        return f"{ROOT}/+/{self.name}"


EVENTS = Topic("events", EventMessage, "device", 1, False, 256 * _KIB, "a few an hour a camera")
STATUS = Topic("status", StatusMessage, "device", 1, True, 256 * _KIB, "on change")
METRICS = Topic("metrics", MetricsMessage, "device", 0, False, 256 * _KIB, "every 10 s")
POSITIONS = Topic("positions", PositionMessage, "device", 0, False, 16 * _KIB, "1-10 a second in flight")
ACKS = Topic("acks", AckMessage, "room", 1, False, 64 * _KIB, "one a batch of events")
COMMANDS = Topic("commands", CommandMessage, "room", 1, False, 64 * _KIB, "by hand")
REPLIES = Topic("replies", ReplyMessage, "device", 1, False, 256 * _KIB, "one a command")

TOPICS = (EVENTS, STATUS, METRICS, POSITIONS, ACKS, COMMANDS, REPLIES)
_BY_NAME = {topic.name: topic for topic in TOPICS}


def parse(spelled: str) -> tuple[str, Topic] | None:
    """The device and the row of a topic as it came; None where it is none of ours."""
    match = _TOPIC.match(spelled)
    if match is None or match["name"] not in _BY_NAME:
        return None
    return match["device_id"], _BY_NAME[match["name"]]
