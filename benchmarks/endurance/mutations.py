"""20,000 broken messages over the real broker, with sound ones among them: each is counted, none stops the worker."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from benchmarks import town as towns
from benchmarks.endurance.mutated import Mutant, Mutator, nested_a_million_deep, ten_megabytes
from control_room import config
from control_room.database import pool
from control_room.ingest import broker
from wire import topics

SOUND_SHARE = 0.1
COUNTED_WITHIN_S = 1200
LISTENING_WITHIN_S = 60
_COUNTS = "SELECT coalesce(sum(messages), 0) FROM ingest_counts WHERE outcome <> 'metrics'"
_REASONS = "SELECT reason, sum(times) FROM dead_letters WHERE device_id = ANY(%s) OR device_id IS NULL GROUP BY reason"


def prove(town: towns.Town, _folder: Path, *, messages: int, seed: int) -> dict[str, Any]:
    settings = config.load(town.data_dir / "room.toml", {})
    worker = town.run["pids"]["worker"]
    found = send(settings, messages=messages, seed=seed)
    return {
        "proof": "mutations",
        "seed": seed,
        **found,
        "worker_lived": town.run["pids"]["worker"] == worker,
    }


def send(settings: config.Settings, *, messages: int, seed: int) -> dict[str, Any]:
    """What became of so many mutants, and of the sound messages among them."""
    device_ids = [f"mutant-{secrets.token_hex(4)}" for _ in range(2)]
    with pool.connect(settings.database.url, autocommit=True) as connection:
        for device_id in device_ids:
            connection.execute("INSERT INTO devices (device_id, name) VALUES (%s, %s)", (device_id, device_id))
        before = _number(connection, _COUNTS)
        mutator, now = Mutator(seed, device_ids), datetime.now(UTC)
        sound = [mutator.sound(now) for _ in range(round(SOUND_SHARE * messages))]
        broken = [mutator.mutant(now) for _ in range(messages - 2)]
        topic = topics.EVENTS.of(device_ids[0])
        broken += [Mutant(topic, nested_a_million_deep(), secrets.token_hex(16)), Mutant(topic, ten_megabytes(), "-")]
        everything = [*sound, *broken]
        mutator.chance.shuffle(everything)
        began_s = time.monotonic()
        acked = _publish(settings.mqtt, everything, {each.message_id for each in sound})
        towns.wait_for(
            lambda: _number(connection, _COUNTS) - before >= len(everything), COUNTED_WITHIN_S, "each is counted"
        )
        took_s = time.monotonic() - began_s
        stored = _number(connection, "SELECT count(*) FROM events WHERE device_id = ANY(%s)", device_ids)
        reasons: dict[str, Any] = dict(connection.execute(_REASONS, (device_ids,)).fetchall())
        counted = _number(connection, _COUNTS) - before
    return {
        "sent": len(everything),
        "counted": counted,
        "dead_letters": {reason: int(times) for reason, times in sorted(reasons.items())},
        "stored": stored,
        "sound": len(sound),
        "sound_acked": acked,
        "per_s": round(len(everything) / took_s),
    }


def holds(result: dict[str, Any]) -> bool:
    return bool(
        result["worker_lived"]
        and result["counted"] == result["sent"]
        and result["sound_acked"] == result["sound"]
        and result["stored"] >= result["sound"]
        and {"invalid", "no_json", "other_schema", "too_large", "other_device", "unknown_topic"}
        <= result["dead_letters"].keys()
    )


def _number(connection: pool.Connection, query: Any, device_ids: list[str] | None = None) -> int:
    row = connection.execute(query, None if device_ids is None else (device_ids,)).fetchone()
    return 0 if row is None else int(row[0])


def _publish(settings: config.Mqtt, messages: list[Mutant], awaited: set[str]) -> int:
    """Give all to the broker; how many of those awaited the room acked."""
    missing, lock, listening, complete = set(awaited), threading.Lock(), threading.Event(), threading.Event()

    def on_message(_client: mqtt.Client, _data: object, received: mqtt.MQTTMessage) -> None:
        with lock:
            text = received.payload.decode()
            missing.difference_update([each for each in missing if each in text])
            if not missing:
                complete.set()

    client = broker.new_client(settings, f"mutations-{secrets.token_hex(4)}", manual_ack=False)
    client.max_inflight_messages_set(500)
    client.on_message = on_message
    client.on_connect = lambda one, *_: one.subscribe(topics.ACKS.of_all, topics.ACKS.qos)
    client.on_subscribe = lambda *_: listening.set()
    broker.start(client, settings, session_kept_s=0, receive_maximum=1000)
    try:
        if not listening.wait(LISTENING_WITHIN_S):
            raise towns.NotInTimeError("the broker does not answer")
        for each in messages:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own gap
            properties.UserProperty = [(topics.MESSAGE_ID_PROPERTY, each.message_id)]
            client.publish(each.topic, each.payload, 1, properties=properties)
        complete.wait(COUNTED_WITHIN_S)
    finally:
        client.disconnect()
        client.loop_stop()
    return len(awaited) - len(missing)
