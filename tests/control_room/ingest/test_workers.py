"""Several workers on one broker and one database: nothing is lost or doubled, one of them leads."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from control_room import config
from control_room.database import pool
from control_room.health import service as health
from control_room.ingest import broker, leading
from control_room.ingest.orphans import Orphans
from control_room.ingest.waiting import Waiting
from tests.control_room import messages, services
from tests.control_room.ingest.test_worker import Setting, Simulation, assert_all_is_there_once, publish, stored
from wire import topics

WITHIN_S = 240


@pytest.fixture
def setting(tmp_path: Path, database_url: str, broker: services.Broker) -> Iterator[Setting]:
    made = Setting(tmp_path, database_url, broker.url)
    yield made
    made.stop()


@pytest.fixture
def telling_broker(tmp_path: Path) -> Iterator[services.Broker]:
    with services.own_broker(tmp_path, tells_packets=True) as running:
        yield running


@pytest.fixture
def told(tmp_path: Path, database_url: str, telling_broker: services.Broker) -> Iterator[Setting]:
    """Whose broker says what is settled: a message that was stored, but not settled, comes to the next leader again."""
    made = Setting(tmp_path, database_url, telling_broker.url)
    yield made
    made.stop()


def leaders(setting: Setting) -> list[str]:
    lines = setting.log.read_text(encoding="utf-8").splitlines()
    return [line.rpartition(f"{setting.name}-")[2].removesuffix(" leads") for line in lines if line.endswith(" leads")]


def wait_for_leader(setting: Setting) -> int:
    """Its number, once the broker deals to it what the leader alone hears."""
    said = f"{setting.name}: hears the broker"
    services.wait_until(lambda: said in setting.log.read_text(encoding="utf-8"), WITHIN_S, "one leads")
    (number,) = leaders(setting)
    return int(number)


def workers_named(setting: Setting) -> set[str]:
    with pool.connect(setting.database_url) as connection:
        return {row["worker"] for row in messages.rows(connection, "SELECT worker FROM workers")}


def is_told(setting: Setting, version: str) -> bool:
    with pool.connect(setting.database_url) as connection:
        return messages.rows(connection, "SELECT version FROM devices") == [{"version": version}]


@pytest.mark.system
def test_three_share_the_work_and_one_is_killed_for_ever(setting: Setting, tmp_path: Path) -> None:
    workers = {number: setting.start_worker(number) for number in (1, 2, 3)}
    first = wait_for_leader(setting)
    names = {f"{setting.name}-{number}" for number in workers}
    services.wait_until(lambda: workers_named(setting) == names, WITHIN_S, "each says that it lives")
    ledger = tmp_path / "ledger.jsonl"
    simulation = Simulation(
        setting, "--devices", "6", "--rate", "150", "--seconds", "5", "--seed", "11", "--ledger", str(ledger)
    )
    services.wait_until(lambda: stored(setting) > 100, WITHIN_S, "events")
    workers[first].kill()
    workers[first].wait(timeout=60)
    services.wait_until(lambda: len(leaders(setting)) == 2, WITHIN_S, "another leads")
    assert simulation.result()["unacked"] == 0
    assert_all_is_there_once(setting, ledger, 750)
    assert leaders(setting)[1] != str(first)
    log = setting.log.read_text(encoding="utf-8")
    assert "deadlock" not in log
    assert "dead letter" not in log


def test_a_status_is_heard_by_one_worker_and_the_next_leader_goes_on_where_it_ended(
    told: Setting, telling_broker: services.Broker
) -> None:
    with pool.connect(told.database_url) as connection:
        messages.add_device(connection)
    workers = {number: told.start_worker(number) for number in (1, 2)}
    first = wait_for_leader(told)
    topic = topics.STATUS.of("quay")
    statuses = [messages.status(version=f"0.{number}.0") for number in range(6)]
    url = told.broker_url
    publish(url, *((topic, messages.encoded(each), {}) for each in statuses[:3]))
    services.wait_until(lambda: telling_broker.settled_by(told.name) == 3, WITHIN_S, "the broker knows")
    workers[first].kill()
    workers[first].wait(timeout=60)
    publish(url, *((topic, messages.encoded(each), {}) for each in statuses[3:]))
    with pool.connect(told.database_url) as connection:
        assert messages.rows(connection, "SELECT version FROM devices") == [{"version": "0.5.0"}]
        counted = messages.rows(connection, "SELECT messages FROM ingest_counts WHERE outcome = 'status'")
    assert counted == [{"messages": 6}], "each once"


@pytest.mark.system
def test_a_leader_that_hangs_loses_the_lead_and_lives_on_without_it(
    told: Setting, telling_broker: services.Broker
) -> None:
    with pool.connect(told.database_url) as connection:
        messages.add_device(connection)
    workers = {number: told.start_worker(number) for number in (1, 2)}
    first = wait_for_leader(told)
    topic, url = topics.STATUS.of("quay"), told.broker_url
    statuses = [messages.status(version=f"0.{number}.0") for number in range(6)]
    publish(url, *((topic, messages.encoded(each), {}) for each in statuses[:2]))
    services.wait_until(lambda: telling_broker.settled_by(told.name) == 2, WITHIN_S, "the broker knows")
    workers[first].send_signal(signal.SIGSTOP)
    try:
        publish(url, *((topic, messages.encoded(each), {}) for each in statuses[2:4]), acked=False)
        services.wait_until(lambda: is_told(told, "0.3.0"), WITHIN_S, "the second leads")
        assert leaders(told) == [str(first), str(3 - first)]
        # Else the first takes the session with them as it wakes up, and they come to the second again.
        services.wait_until(lambda: telling_broker.settled_by(told.name) == 4, WITHIN_S, "the broker knows")
    finally:
        workers[first].send_signal(signal.SIGCONT)
    no_more = f"{told.name}-{first} leads no more"
    services.wait_until(lambda: no_more in told.log.read_text(encoding="utf-8"), WITHIN_S, "it finds out")
    publish(url, *((topic, messages.encoded(each), {}) for each in statuses[4:]), acked=False)
    services.wait_until(lambda: is_told(told, "0.5.0"), WITHIN_S, "the last is stored")
    assert len(leaders(told)) == 2, "the second leads on"
    assert workers[first].poll() is None
    counted = told.count("SELECT messages FROM ingest_counts WHERE outcome = 'status'")
    assert counted == 6, "each once"


def test_a_leader_is_ended_only_where_the_database_waits_for_it(database_url: str, connection: pool.Connection) -> None:
    at_once, never = timedelta(), timedelta(hours=1)
    with pool.connect(database_url, autocommit=True) as leader, pool.connect(database_url) as busy:
        assert leading.try_to_lead(leader)
        assert not leading.try_to_lead(connection)
        assert not leading.end_hung_leader(connection, never)
        busy.execute("LOCK TABLE devices")
        waiting = threading.Thread(target=leader.execute, args=("SELECT count(*) FROM devices",))
        waiting.start()
        blocked = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        services.wait_until(lambda: bool(messages.rows(connection, blocked)), WITHIN_S, "it waits for a lock")
        assert not leading.end_hung_leader(connection, at_once), "it works"
        busy.rollback()
        waiting.join(WITHIN_S)
        assert leading.end_hung_leader(connection, at_once)
        services.wait_until(lambda: leading.try_to_lead(connection), WITHIN_S, "the lead is free")
        assert not leading.end_hung_leader(connection, at_once), "nobody ends himself"
        with pytest.raises(psycopg.OperationalError):
            leader.execute("SELECT")


class TestOrphans:
    """What the broker keeps for a worker that never comes back."""

    def test_it_is_taken_over_and_the_session_ends(
        self, setting: Setting, connection: pool.Connection, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        settings = config.Mqtt(url=setting.broker_url, client_id=setting.name)
        lost = self._leave_messages(settings, setting, f"{setting.name}-7")
        assert lost == 3
        begun = datetime.now(UTC)
        health.note_worker(connection, f"{setting.name}-7", broker_since=begun, now=begun)
        health.note_worker(connection, "of-another-room", broker_since=begun, now=begun)
        waiting = Waiting()
        orphans = Orphans(settings, waiting, f"{setting.name}-1", drained_after_s=0.2)
        orphans.look(connection, begun + timedelta(hours=1))
        assert not len(waiting), "whoever lives has time to say so"
        orphans.look(connection, begun + timedelta(hours=2))
        services.wait_until(lambda: len(waiting) == 3, WITHIN_S, "what it had")
        for delivery in waiting.take(9, 0, 0):
            delivery.settle()

        def is_forgotten() -> bool:
            orphans.look(connection, begun + timedelta(hours=2))
            left = messages.rows(connection, "SELECT worker FROM workers")
            return left == [{"worker": "of-another-room"}]

        services.wait_until(is_forgotten, WITHIN_S, "it is forgotten")
        again = broker.Inbox(settings, waiting, client_id=f"{setting.name}-7", receive_maximum=10)
        again.start()
        connected = f"{setting.name}-7: connected to the broker "
        services.wait_until(lambda: caplog.text.count(connected) == 3, WITHIN_S, "a look at the session")
        sessions = [record.getMessage().removeprefix(connected) for record in caplog.records]
        assert [each for each in sessions if each.endswith(" session)")] == [
            "(new session)",
            "(kept session)",
            "(new session)",
        ]
        again.end_session()

    def test_a_worker_that_comes_back_takes_its_session(self, setting: Setting, connection: pool.Connection) -> None:
        settings = config.Mqtt(url=setting.broker_url, client_id=setting.name)
        name = f"{setting.name}-7"
        self._leave_messages(settings, setting, name)
        begun = datetime.now(UTC)
        health.note_worker(connection, name, broker_since=begun, now=begun)
        leaders_own, own = Waiting(), Waiting()
        orphans = Orphans(settings, leaders_own, f"{setting.name}-1")
        for hours in (1, 2):
            orphans.look(connection, begun + timedelta(hours=hours))
        services.wait_until(lambda: len(leaders_own) == 3, WITHIN_S, "what it had")
        back = broker.Inbox(settings, own, client_id=name, shares=(topics.EVENTS,), receive_maximum=10)
        back.start()
        services.wait_until(lambda: len(own) == 3, WITHIN_S, "it has them itself")
        held = leaders_own.take(9, 0, 0)
        assert len(held) == 3
        services.wait_until(lambda: not any(each.is_ours for each in held), WITHIN_S, "the leader lets them go")
        orphans.look(connection, begun + timedelta(seconds=7300))
        assert back.connected_since is not None
        back.end_session()
        orphans.lose()

    @staticmethod
    def _leave_messages(settings: config.Mqtt, setting: Setting, client_id: str) -> int:
        """A session in which as many wait as are returned, of a worker that is gone."""
        waiting = Waiting()
        gone = broker.Inbox(settings, waiting, client_id=client_id, shares=(topics.EVENTS,), receive_maximum=10)
        gone.start()
        services.wait_until(lambda: gone.hears_since is not None, WITHIN_S, "the broker")
        topic = topics.EVENTS.of(setting.name)
        sent = [messages.encoded(messages.event(sequence=number)) for number in (1, 2, 3)]
        publish(setting.broker_url, *((topic, payload, {}) for payload in sent), acked=False)
        services.wait_until(lambda: len(waiting) == 3, WITHIN_S, "its messages")
        gone.stop()
        return 3
