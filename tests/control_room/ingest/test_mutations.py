"""Messages that are almost right: each is stored or kept under a reason, and none disturbs the sound ones."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.endurance.mutated import Mutant, Mutator, nested_a_million_deep, ten_megabytes
from benchmarks.endurance.mutations import holds, send
from control_room import config
from control_room.database import pool
from control_room.ingest import reading, storing
from control_room.ingest.delivery import Delivery
from control_room.ingest.reading import Accepted, Refused
from control_room.ingest.refusals import Reason
from tests.control_room import messages, services
from tests.control_room.ingest.test_worker import Setting
from tests.control_room.ingest.test_workers import setting
from wire import topics

SEED = 20261122
DEVICES = ["mutant-1", "mutant-2"]
__all__ = ["setting"]


def delivery(mutant: Mutant) -> Delivery:
    return Delivery(mutant.topic, mutant.payload, messages.RECEIVED, mutant.message_id)


def test_the_reader_says_of_each_what_it_is() -> None:
    mutator = Mutator(SEED, DEVICES)
    outcomes = [reading.read(delivery(mutator.mutant(messages.NOON))) for _ in range(3000)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refused) + sum(isinstance(outcome, Accepted) for outcome in outcomes) == 3000
    assert {each.reason for each in refused} >= {
        Reason.INVALID,
        Reason.NO_JSON,
        Reason.OTHER_SCHEMA,
        Reason.OTHER_DEVICE,
        Reason.UNKNOWN_TOPIC,
    }
    assert not [each.detail for each in refused if "broke its reader" in each.detail]
    assert all(len(each.detail) < 2000 and "\n" not in each.detail for each in refused)


def test_what_is_too_large_is_not_even_parsed() -> None:
    for payload in (nested_a_million_deep(), ten_megabytes()):
        outcome = reading.read(Delivery(topics.EVENTS.of("quay"), payload, messages.RECEIVED))
        assert isinstance(outcome, Refused)
        assert outcome.reason is Reason.TOO_LARGE


def test_each_is_stored_or_kept_and_none_disturbs_the_sound_ones(connection: pool.Connection) -> None:
    for device_id in DEVICES:
        messages.add_device(connection, device_id)
    mutator = Mutator(SEED, DEVICES)
    sound = [mutator.sound(messages.NOON + timedelta(seconds=number)) for number in range(60)]
    batch = [*sound, *(mutator.mutant(messages.NOON) for _ in range(600))]
    mutator.chance.shuffle(batch)
    storing.prepare(connection)
    counts = 0
    for first in range(0, len(batch), 110):
        outcomes = [reading.read(delivery(each)) for each in batch[first : first + 110]]
        counts += storing.store(connection, outcomes, messages.RECEIVED).counts.total()
    assert counts == len(batch), "each under one heading"
    stored = {str(row["message_id"]) for row in messages.rows(connection, "SELECT message_id FROM events")}
    assert stored >= {each.message_id for each in sound}
    kept = messages.rows(connection, "SELECT sum(times) AS times FROM dead_letters")[0]["times"]
    counted = messages.rows(connection, "SELECT messages FROM ingest_counts WHERE outcome = 'dead_letter'")
    assert kept == counted[0]["messages"] > 400


def test_a_few_over_the_real_broker(setting: Setting) -> None:
    worker = setting.start_worker()
    services.wait_until(
        lambda: f"{setting.name}: hears the broker" in setting.log.read_text(encoding="utf-8"), 180, "it leads"
    )
    settings = config.load(setting.file, {})
    result = send(settings, messages=500, seed=SEED) | {"worker_lived": worker.poll() is None}
    assert holds(result), result
