"""The outboxes of all simulated devices: what was written and is not acked, and when it is sent, and sent again."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from wire import message, topics
from wire.control import AckMessage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from control_room.simulate.device import Written

IN_FLIGHT_MAX = 100
"""Of one device, as a real one has it."""
_AGAIN_FIRST_S, _AGAIN_LONGEST_S = 5.0, 20.0
_HURRY_S = 1.0
_LOOK_EVERY_S = 0.5
_ON_THE_WAY_MAX = 1000
"""Of all devices; while the broker has not taken these, nothing is repeated: each real one has its own connection."""
_TICK_S = 0.02


@dataclass(slots=True)
class _Sent:
    written: Written
    sent_s: float
    wait_s: float = _AGAIN_FIRST_S


@dataclass(slots=True)
class _Box:
    """Of one device."""

    waiting: deque[Written] = field(default_factory=deque)
    in_flight: dict[UUID, _Sent] = field(default_factory=dict)
    held: Written | None = None
    """Goes after the next one."""
    is_away: bool = False

    def put(self, written: Written, *, later: bool) -> None:
        if later and self.held is None:
            self.held = written
            return
        self.waiting.append(written)
        self.release()

    def release(self) -> None:
        if self.held is not None:
            self.waiting.append(self.held)
            self.held = None


class Outboxes:
    """All share one connection. `write`, `leave` and `send_due` are for one thread; acks come on paho's."""

    def __init__(self, client: mqtt.Client) -> None:
        self.listening = threading.Event()
        """Acks can be heard."""
        self.written = 0
        self._client = client
        self._lock = threading.Lock()
        self._boxes: dict[str, _Box] = {}
        self._pending = 0
        self._again: list[tuple[float, str, UUID]] = []
        """A heap; of those that were acked meanwhile there is nothing in flight any more."""
        self._ack_s: list[float] = []
        self._looked_s = 0.0
        self._on_the_way = 0
        """Given to the connection, and the broker does not have it yet."""
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self.listening.set()
        client.on_message = self._on_message
        client.on_publish = self._on_publish

    def pending(self) -> int:
        return self._pending

    def write(self, written: Written, *, later: bool = False, twice: bool = False) -> None:
        """Put it into its outbox and send it, where its device is there; `later`: only after the next one."""
        self.written += 1
        with self._lock:
            self._pending += 1
            box = self._boxes.setdefault(written.device_id, _Box())
            box.put(written, later=later)
            due = self._take(box)
        self._send([*due, *due] if twice else due)

    def leave(self, device_id: str) -> None:
        """It has lost the network: nothing of it leaves, and it hears no ack."""
        with self._lock:
            self._boxes.setdefault(device_id, _Box()).is_away = True

    def come_back(self, device_id: str) -> None:
        """All that was not acked is sent again, in its order."""
        with self._lock:
            box = self._boxes.setdefault(device_id, _Box())
            box.is_away = False
            box.waiting.extendleft(sent.written for sent in reversed(box.in_flight.values()))
            box.in_flight.clear()
            due = self._take(box)
        self._send(due)

    def send_due(self) -> None:
        """What has waited long for its ack; nothing while there is no broker. Cheap to call often."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S or not self._client.is_connected():
            return
        self._looked_s = now_s
        if self._on_the_way > _ON_THE_WAY_MAX:
            return
        due: list[Written] = []
        with self._lock:
            while self._again and self._again[0][0] <= now_s:
                _, device_id, message_id = heapq.heappop(self._again)
                box = self._boxes[device_id]
                sent = box.in_flight.get(message_id)
                if sent is not None and not box.is_away and now_s >= sent.sent_s + sent.wait_s:
                    sent.wait_s = min(2 * sent.wait_s, _AGAIN_LONGEST_S)
                    self._note_sent(sent, now_s)
                    due.append(sent.written)
            for box in self._boxes.values():
                due += self._take(box)
        self._send(due)

    def settle(self, within_s: float) -> None:
        with self._lock:
            for box in self._boxes.values():
                box.release()
        deadline_s = time.monotonic() + within_s
        while self.pending() and time.monotonic() < deadline_s:
            self.send_due()
            time.sleep(_TICK_S)

    def result(self) -> dict[str, int | float | None]:
        unacked = self.pending()
        taken = sorted(self._ack_s)
        return {
            "sent": self.written,
            "acked": self.written - unacked,
            "unacked": unacked,
            "ack_ms_p50": round(1000 * taken[len(taken) // 2], 1) if taken else None,
            "ack_ms_p99": round(1000 * taken[len(taken) * 99 // 100], 1) if taken else None,
        }

    def _take(self, box: _Box) -> list[Written]:
        """What may be sent now, put in flight."""
        now_s = time.monotonic()
        taken: list[Written] = []
        while box.waiting and not box.is_away and len(box.in_flight) < IN_FLIGHT_MAX:
            written = box.waiting.popleft()
            sent = box.in_flight[written.message_id] = _Sent(written, now_s)
            self._note_sent(sent, now_s)
            taken.append(written)
        return taken

    def _note_sent(self, sent: _Sent, now_s: float) -> None:
        sent.sent_s = now_s
        heapq.heappush(self._again, (now_s + sent.wait_s, sent.written.device_id, sent.written.message_id))

    def _send(self, due: Iterable[Written]) -> None:
        for written in due:
            with self._lock:
                self._on_the_way += 1
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own gap
            properties.UserProperty = [(topics.MESSAGE_ID_PROPERTY, str(written.message_id))]
            topic = topics.EVENTS.of(written.device_id)
            self._client.publish(topic, written.payload, topics.EVENTS.qos, properties=properties)

    def _on_publish(self, *_: object) -> None:
        with self._lock:
            self._on_the_way = max(0, self._on_the_way - 1)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(topics.ACKS.of_all, topics.ACKS.qos)
        self._hurry()

    def _hurry(self) -> None:
        """There is a new connection: what is in flight need not wait out its time."""
        now_s = time.monotonic()
        with self._lock:
            for device_id, box in self._boxes.items():
                for message_id, sent in box.in_flight.items():
                    sent.wait_s = min(sent.wait_s, max(0.0, now_s - sent.sent_s) + _HURRY_S)
                    heapq.heappush(self._again, (sent.sent_s + sent.wait_s, device_id, message_id))

    def _on_message(self, _client: mqtt.Client, _data: object, received: mqtt.MQTTMessage) -> None:
        try:
            ack, _ = message.read(AckMessage, bytes(received.payload))
        except message.UnreadableMessageError:
            return  # somebody else's; ours is sent again until it is acked
        now_s = time.monotonic()
        with self._lock:
            box = self._boxes.get(ack.device_id)
            if box is None or box.is_away:
                return
            for message_id in ack.message_ids:
                sent = box.in_flight.pop(message_id, None)
                if sent is not None:
                    self._pending -= 1
                    self._ack_s.append(now_s - sent.sent_s)
            due = self._take(box)
        self._send(due)
