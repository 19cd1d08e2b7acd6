"""A short, seeded part of the proof that a database may be away for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.endurance import away
from control_room.database import pool
from control_room.ingest.waiting import MOST_BYTES
from tests.control_room import services
from tests.control_room.ingest.test_worker import Setting, Simulation, assert_all_is_there_once

DEVICES, SECONDS, WRITTEN, WAITING = 10, 12, 600, 200
ONE_BATCH_FIRST = """
    CREATE FUNCTION wait_for_the_outage() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM ingest_counts WHERE outcome = 'stored') THEN
            PERFORM pg_advisory_xact_lock(7);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER wait_for_the_outage AFTER INSERT ON events EXECUTE FUNCTION wait_for_the_outage();
    SELECT pg_advisory_lock(7);
"""
"""Or all might be stored before the database goes."""


@pytest.mark.system
def test_what_was_said_while_the_database_was_away_is_stored_once_and_the_worker_stays_small(
    tmp_path: Path, database_url: str, plain_server: services.Server, broker: services.Broker
) -> None:
    if not isinstance(plain_server, services.OwnServer):
        pytest.skip("the server of TALAIA_TEST_DATABASE_URL is not ours to stop")
    setting = Setting(tmp_path, database_url, broker.url)
    ledger = tmp_path / "ledger.jsonl"
    rate = str(WRITTEN / SECONDS)
    gate = pool.connect(database_url, autocommit=True)
    gate.execute(ONE_BATCH_FIRST)
    try:
        worker = setting.start_worker()
        simulation = Simulation(
            setting,
            *("--devices", str(DEVICES), "--rate", rate, "--seconds", str(SECONDS), "--seed", "3"),
            *("--ledger", str(ledger)),
        )
        found = away.outage(
            database_url,
            {"worker": worker.pid},
            away.Plan(away_s=5, messages=WAITING, devices=DEVICES, seed=3),
            stop=plain_server.stop,
            start=plain_server.start,
            written=lambda: len(ledger.read_bytes().splitlines()),
        )
        assert simulation.result()["unacked"] == 0
        assert found["waited"] >= WAITING
        assert found["grew_bytes"]["worker"] < MOST_BYTES, "of some hundred messages"
        assert_all_is_there_once(setting, ledger, WRITTEN)
    finally:
        gate.close()
        setting.stop()
