"""Messages that are almost right: made by the JSON Schema from sound ones, and by hand-like accidents of raw bytes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uuid_utils import compat as uuids

from control_room.simulate.device import Device
from wire import topics
from wire.control import ReplyMessage

NESTED = 1_000_000
_DEPTH = 8
_TIMES = (
    "1970-01-01T00:00:00Z",
    "2100-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-11-22T10:00:60Z",
    "2026-11-22T10:00:00",
    "yesterday",
    -1,
    4e18,
)
_TEXTS = ("", "\0", "\ud800", "a" * 5000, "../../etc", "'; DROP TABLE events; --", "\u202e", "é" * 70, " ", "%s%n")
_NUMBERS = (float("nan"), float("inf"), -float("inf"), -1, -0.0, 1e308, 10**30, 2**63, 91, -181, 1e-320, True, "1")
_IDS = ("00000000-0000-0000-0000-000000000000", "{0}", "z" * 36, "", 7)
_OTHERS: tuple[Any, ...] = (None, [], {}, [[]], {"$ref": "#"}, 0, "x", False)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One publish."""

    topic: str
    payload: bytes
    message_id: str
    """For the user property."""


class Mutator:
    """The same seed makes the same mutations; ids are new in each run."""

    def __init__(self, seed: int, device_ids: list[str]) -> None:
        self.chance = random.Random(seed)
        self._devices = [Device(name, random.Random(seed), (41.1, 1.2)) for name in device_ids]
        self._schemas = {topic: topic.message.model_json_schema(by_alias=True) for topic in self._topics()}

    @staticmethod
    def _topics() -> tuple[topics.Topic, ...]:
        return (topics.EVENTS, topics.STATUS, topics.REPLIES)

    def sound(self, now: datetime) -> Mutant:
        """An event as it should be."""
        device = self.chance.choice(self._devices)
        written = device.write(now)
        return Mutant(topics.EVENTS.of(device.device_id), written.payload, str(written.message_id))

    def mutant(self, now: datetime) -> Mutant:
        device = self.chance.choice(self._devices)
        topic = self.chance.choices(self._topics(), (8, 2, 1))[0]
        content = self._content(topic, device, now)
        named = str(uuids.uuid7())
        if self._happens(0.25):
            return Mutant(topic.of(device.device_id), self._raw(json.dumps(content).encode()), named)
        if self._happens(0.04):
            return Mutant(self._wrong_topic(topic), json.dumps(content).encode(), named)
        for _ in range(self.chance.choice((1, 1, 1, 2, 5))):
            self._mutate(content, self._schemas[topic])
        text = json.dumps(content)
        if self._happens(0.03):
            text = f'{text[:-1]}, "phase": "opened"' + "}"  # a key twice
        return Mutant(topic.of(device.device_id), text.encode(errors="surrogatepass"), named)

    def _content(self, topic: topics.Topic, device: Device, now: datetime) -> dict[str, Any]:
        if topic is topics.EVENTS:
            payload = device.write(now).payload
        elif topic is topics.STATUS:
            payload = device.status(now, online=self._happens(0.8)).to_json()
        else:
            payload = ReplyMessage(
                command_id=uuids.uuid7(), device_id=device.device_id, sent_at=now, ok=False, error="no such camera"
            ).to_json()
        content: dict[str, Any] = json.loads(payload)
        return content

    def _wrong_topic(self, topic: topics.Topic) -> str:
        name = self.chance.choice(("nobody", "-", "a b", "ü", "x" * 65, "..", "quay\\"))
        return f"{topics.ROOT}/{name}/{topic.name}"

    def _mutate(self, content: dict[str, Any], schema: dict[str, Any]) -> None:
        """Change one place of it, chosen among all, as its schema suggests."""
        places = list(_places(content, schema, schema))
        holder, key, part = self.chance.choice(places)
        kinds: list[Callable[[], Any]] = [lambda: copy.deepcopy(self.chance.choice(_OTHERS))]
        text = json.dumps(part)
        if "date-time" in text:
            kinds += [lambda: self.chance.choice(_TIMES)] * 3
        if "uuid" in text:
            kinds += [lambda: self.chance.choice(_IDS)] * 2
        if '"number"' in text or '"integer"' in text:
            kinds += [lambda: self.chance.choice(_NUMBERS)] * 3
        if '"string"' in text:
            kinds += [lambda: self.chance.choice(_TEXTS)] * 2
        if '"array"' in text:
            kinds += [lambda: self._grown(holder[key]), lambda: [None], lambda: "[]"]
        if key == "device_id":
            kinds += [lambda: self.chance.choice(["quay-of-another", *(each.device_id for each in self._devices)])] * 3
        if self._happens(0.15) and isinstance(holder, dict):
            del holder[key]
        elif self._happens(0.1) and isinstance(holder, dict):
            holder[self.chance.choice(("more", "\0", "x" * 1000, "__class__", ""))] = copy.deepcopy(
                self.chance.choice(_OTHERS)
            )
        elif self._happens(0.05):
            holder[key] = _nested(self.chance.choice((50, 500)))
        else:
            holder[key] = self.chance.choice(kinds)()

    def _grown(self, value: object) -> object:
        return copy.deepcopy(value) * self.chance.choice((60, 250)) if isinstance(value, list) else [value]

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    def _raw(self, payload: bytes) -> bytes:
        """An accident to the bytes themselves."""
        chance, at = self.chance, self.chance.randrange(len(payload))
        accidents: tuple[Callable[[], bytes], ...] = (
            lambda: payload[:at],
            lambda: payload[:at] + chance.randbytes(chance.choice((1, 4, 64))) + payload[at:],
            lambda: payload[:at] + bytes([payload[at] ^ (1 << chance.randrange(8))]) + payload[at + 1 :],
            lambda: payload[:at] + payload,
            lambda: payload.decode().encode(chance.choice(("utf-16", "utf-32", "utf-8-sig"))),
            lambda: chance.randbytes(chance.choice((1, 100, 5000))),
            lambda: payload.replace(b'"sequence"', b'"sequence" :' * 2, 1),
            lambda: chance.choice((b"", b" " * 1000, b"null", b"9" * 200_000)),
            lambda: chance.choice((b"[" * 100_000, b'{"a":' * 40_000)),
            lambda: b'{"schema":"talaia.event/1","x":"' + b"y" * 300_000 + b'"}',
        )
        return chance.choices(accidents, (5, 5, 9, 3, 2, 2, 2, 1, 0.2, 0.2))[0]()


def nested_a_million_deep() -> bytes:
    return b"[" * NESTED


def ten_megabytes() -> bytes:
    return b'{"schema":"talaia.event/1","zone":"' + b"z" * 10_000_000 + b'"}'


def _nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


def _places(
    value: Any, schema: dict[str, Any], root: dict[str, Any], depth: int = 0
) -> list[tuple[dict[str, Any] | list[Any], Any, dict[str, Any]]]:
    """Each place inside: what holds it, under which key, and its schema."""
    found: list[tuple[dict[str, Any] | list[Any], Any, dict[str, Any]]] = []
    if depth > _DEPTH:
        return found
    part = _resolved(schema, root)
    if isinstance(value, dict):
        properties = part.get("properties", {})
        for key, inner in value.items():
            known = properties.get(key, {})
            found += [(value, key, known), *_places(inner, known, root, depth + 1)]
    elif isinstance(value, list):
        items = part.get("items", {})
        known = items if isinstance(items, dict) else {}
        for number, inner in enumerate(value[:3]):
            found += [(value, number, known), *_places(inner, known, root, depth + 1)]
    return found


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, with a reference, or the first of several that is not null, followed."""
    if "$ref" in schema:
        return _resolved(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    for option in schema.get("anyOf", []):
        if option.get("type") != "null":
            return _resolved(option, root)
    return schema
