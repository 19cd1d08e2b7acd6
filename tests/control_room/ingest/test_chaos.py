"""A short, seeded part of the chaos proof: all die, the network is slow and cut, the disk is full."""

from __future__ import annotations

import json
import random
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.endurance import chaos, full_disk
from benchmarks.endurance.tcp_proxy import TcpProxy
from tests.control_room import services
from tests.control_room.ingest.test_worker import Setting, Simulation, assert_all_is_there_once, stored

SEED = 5
DISK_MIB = 250
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
                at_least=3,
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


@pytest.mark.system
def test_a_full_disk_of_the_database_costs_time_only(
    tmp_path: Path, broker: services.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(full_disk.public_small_disk(DISK_MIB))
        except PermissionError as error:
            pytest.skip(f"no file system can be mounted here: {error}")
        monkeypatch.setattr(tempfile, "tempdir", str(disk))  # where the server's folder is made
        server = stack.enter_context(services.own_server(timescale=False))
        setting = Setting(tmp_path, server.new_database(), broker.url)
        stack.callback(setting.stop)
        worker = setting.start_worker()
        worker.send_signal(signal.SIGSTOP)  # what comes waits until the disk is full
        ledger = tmp_path / "ledger.jsonl"
        arguments = ("--devices", "5", "--rate", "50", "--seconds", "8", "--seed", str(SEED), "--ledger", str(ledger))
        simulation = Simulation(setting, *arguments)
        services.wait_until(lambda: ledger.exists() and len(ledger.read_bytes()) > 50_000, WITHIN_S, "events")

        def is_refused() -> bool:
            full_disk.keep_full(disk / "ballast", 1.0, lambda: worker.send_signal(signal.SIGCONT))
            return "No space left on device" in setting.log.read_text(encoding="utf-8")

        services.wait_until(is_refused, WITHIN_S, "the database takes no more")
        assert simulation.result()["unacked"] == 0
        assert_all_is_there_once(setting, ledger, 400)
