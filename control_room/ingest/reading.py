"""From a delivery to a message of `wire/`, or to the reason why it is none. Pure: no database, no network."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from control_room.ingest.refusals import Reason
from wire import message, topics
from wire.control import ReplyMessage
from wire.device import MetricsMessage, PositionMessage, StatusMessage
from wire.event import EventMessage

if TYPE_CHECKING:
    from control_room.ingest.delivery import Delivery

READ_TOPICS = (topics.EVENTS, topics.STATUS, topics.METRICS, topics.POSITIONS, topics.REPLIES)
"""What the worker subscribes to."""

HEAD_BYTES = 64 * 1024
"""What is looked at of a message over its size limit."""

_PLACE = re.compile(
    rb'"outbox_id"\s*:\s*"(?P<outbox_id>[0-9a-f-]{36})"\s*,\s*"sequence"\s*:\s*(?P<sequence>[1-9][0-9]{0,17})\s*,'
    rb'\s*"device_id"\s*:\s*"(?P<device_id>[A-Za-z0-9_.-]{1,64})"'
)

_ZERO_BYTE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""In a text, and not a backslash before `u0000`: no database can store it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that says what its topic says. Whether its device is registered, only the database knows."""

    delivery: Delivery
    device_id: str
    message: EventMessage | StatusMessage | MetricsMessage | PositionMessage | ReplyMessage
    message_id: UUID | None
    """None: a message that nobody waits to see acked."""
    warnings: tuple[str, ...] = ()
    """What was left out of a newer version of the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message for the dead letters."""

    delivery: Delivery
    reason: Reason
    detail: str
    device_id: str | None = None
    """Of the topic; the one to ack to."""
    message_id: UUID | None = None
    outbox_id: UUID | None = None
    sequence: int | None = None


Outcome = Accepted | Refused


def read(delivery: Delivery) -> Outcome:
    parsed = topics.parse(delivery.topic)
    if parsed is None or parsed[1] not in READ_TOPICS:
        return Refused(delivery, Reason.UNKNOWN_TOPIC, "no topic that this room reads")
    device_id, topic = parsed
    if len(delivery.payload) > topic.limit_bytes:
        size = f"{len(delivery.payload)} bytes, the limit of {topic.name} is {topic.limit_bytes}"
        place = _place_in_outbox(delivery.payload, device_id)
        return Refused(delivery, Reason.TOO_LARGE, size, device_id, _id(delivery.message_id_property), *place)
    try:
        found, warnings = message.read(topic.message, delivery.payload)
    except message.UnreadableMessageError as error:
        return refuse(delivery, device_id, _reason(str(error)), str(error))
    except Exception as error:  # one message must never stop those behind it, whatever it is
        log.exception("a message of %s broke its reader", device_id)
        return refuse(delivery, device_id, Reason.INVALID, f"broke its reader: {type(error).__name__}")
    if not isinstance(found, EventMessage | StatusMessage | MetricsMessage | PositionMessage | ReplyMessage):
        raise TypeError(f"{topic.name} is subscribed to, but not read")
    fault = _fault(delivery, device_id, found)
    if fault is not None:
        return refuse(delivery, device_id, *fault)
    return Accepted(delivery, device_id, found, _awaited(found), tuple(warnings))


def _fault(
    delivery: Delivery,
    device_id: str,
    found: EventMessage | StatusMessage | MetricsMessage | PositionMessage | ReplyMessage,
) -> tuple[Reason, str] | None:
    """What is wrong with a message that can be read."""
    if found.device_id != device_id:
        return Reason.OTHER_DEVICE, f"the topic is that of {device_id}, the message says {found.device_id}"
    if isinstance(found, EventMessage) and found.camera_id is None:
        return Reason.INVALID, f"camera_id: a device names its camera; {found.rule} is the room's own rule"
    if b"u0000" in delivery.payload and _ZERO_BYTE.search(delivery.payload):
        return Reason.NOT_STORABLE, "a text with a zero byte"
    return None


def _awaited(found: EventMessage | StatusMessage | MetricsMessage | PositionMessage | ReplyMessage) -> UUID | None:
    """The id by which its device waits to see it acked."""
    match found:
        case MetricsMessage() | PositionMessage():
            return None
        case ReplyMessage():
            return found.command_id if found.progress is None else None
        case _:
            return found.message_id


def refuse(delivery: Delivery, device_id: str, reason: Reason, detail: str) -> Refused:
    """With what can still be read of it: its message_id to ack, its place in the outbox, which is then no gap."""
    content = _object(delivery.payload)
    message_id = _id(content.get("message_id")) or _id(delivery.message_id_property)
    outbox_id, sequence = _id(content.get("outbox_id")), content.get("sequence")
    own = content.get("device_id") == device_id
    if not own or outbox_id is None or type(sequence) is not int or not 0 < sequence < 2**63:
        return Refused(delivery, reason, detail, device_id, message_id)
    return Refused(delivery, reason, detail, device_id, message_id, outbox_id, sequence)


def _place_in_outbox(payload: bytes, device_id: str) -> tuple[UUID | None, int | None]:
    """Of a message too large to be read: what its first bytes say, so that its sequence is no gap for ever."""
    found = _PLACE.search(payload, 0, HEAD_BYTES)
    if found is None or found["device_id"].decode() != device_id:
        return None, None
    return _id(found["outbox_id"].decode()), int(found["sequence"])


def _reason(said: str) -> Reason:
    """The kind of the fault, from the one line of `wire.message.read`."""
    if said.startswith(("no JSON:", "a JSON object")):
        return Reason.NO_JSON
    if said.startswith("schema:"):
        return Reason.OTHER_SCHEMA
    return Reason.INVALID


def _object(payload: bytes) -> dict[str, Any]:
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _id(text: object) -> UUID | None:
    if not isinstance(text, str):
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
