"""A short, seeded part of the chaos proof: workers, broker and database die, the network is slow and cut."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmarks.endurance import chaos
from benchmarks.endurance.tcp_proxy import TcpProxy
from tests.control_room import services
from tests.control_room.ingest.test_worker import Setting, Simulation, stored

SEED = 5
WITHIN_S = 240


@pytest.mark.system
def test_the_ledger_and_the_room_agree_after_everything_died(
    tmp_path: Path, database_url: str, plain_server: services.Server, mortal_broker: services.Broker
) -> None:
    if not isinstance(plain_server, services.OwnServer):
        pytest.skip("the server of TALAIA_TEST_DATABASE_URL is not ours to stop")
    setting = Setting(tmp_path, database_url, mortal_broker.url)
    workers = {number: setting.start_worker(number) for number in (1, 2)}

    def kill_worker(number: int) -> None:
        workers[number].kill()
        workers[number].wait(timeout=30)
        workers[number] = setting.start_worker(number)

    def kill_broker() -> None:
        mortal_broker.kill()
        mortal_broker.start()

    def kill_database() -> None:
        plain_server.stop()
        plain_server.start()

    kills = {
        "worker 1": lambda: kill_worker(1),
        "worker 2": lambda: kill_worker(2),
        "broker": kill_broker,
        "database": kill_database,
    }
    ledger = tmp_path / "ledger.jsonl"
    try:
        with TcpProxy(("127.0.0.1", mortal_broker.port)) as network:
            simulation = Simulation(
                Setting(tmp_path, database_url, chaos.through(mortal_broker.url, network)),
                *("--devices", "20", "--rate", "40", "--seconds", "14", "--seed", str(SEED), "--ledger", str(ledger)),
            )
            services.wait_until(lambda: stored(setting) > 20, WITHIN_S, "events")
            done = chaos.trouble(
                kills,
                network,
                random.Random(SEED),
                lambda: not simulation.is_alive(),
                seconds=12,
                pause_s=(0.2, 1.0),
                trouble_s=(0.3, 1.5),
            )
            said = simulation.result()
    finally:
        setting.stop()
    assert done.total() >= 3
    report = json.loads(setting.room("fsck", "--json").stdout)
    result = said | chaos.compare(ledger, database_url, report)
    assert chaos.holds(result), (done, result)
