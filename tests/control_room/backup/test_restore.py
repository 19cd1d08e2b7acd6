"""A room is lost after its backup; an empty machine gets everything back, the newest from the devices themselves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from control_room.database import pool
from tests.control_room import services
from tests.control_room.backup.rooms import DEVICE, Agent, Machine


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    file = tmp_path / "passphrase"
    file.write_text("correct horse battery\n", encoding="utf-8")
    return str(file)


@pytest.mark.system
def test_an_empty_machine_gets_all_back(
    tmp_path: Path, database_server: services.Server, mortal_broker: services.Broker, passphrase: str
) -> None:
    lost = Machine(tmp_path / "lost", database_server.new_database(), mortal_broker.url)
    copies = str(tmp_path / "copies")
    key = lost.make_keys()
    lost.well("device", "add", DEVICE, "--name", "Quay")
    lost.start_worker()
    agent = Agent(tmp_path / "agent", mortal_broker.port, key)
    agent.write(30)
    picture = lost.add_file(b"a picture" * 1000)
    made = json.loads(lost.well("backup", copies, "--passphrase-file", passphrase, "--json"))
    assert (made["files"], made["missing"]) == (1, [])
    agent.write(20)
    assert lost.count("SELECT count(*) FROM events") == 50
    lost.stop_worker()
    database_server.drop_database(lost.database_url)
    shutil.rmtree(lost.folder)

    found = Machine(tmp_path / "found", database_server.new_database(migrated=False), mortal_broker.url)
    try:
        restored = json.loads(found.well("restore", copies, "--passphrase-file", passphrase, "--json"))
        assert (restored["files"], restored["devices_to_ask"]) == (1, 1)
        assert found.count("SELECT count(*) FROM events") == 30
        assert (found.store / "sha256" / picture[:2] / picture[2:4] / picture).read_bytes() == b"a picture" * 1000
        again = found.room("restore", copies, "--passphrase-file", passphrase)
        assert (again.returncode, "goes into an empty machine" in again.stderr) == (1, True)
        found.start_worker()
        services.wait_until(lambda: found.count("SELECT count(*) FROM events") == 50, 180, "what came after the backup")
        services.wait_until(
            lambda: found.count("SELECT count(*) FROM recoveries WHERE result = 'answered'") == 1, 180, "the answer"
        )
        with pool.connect(found.database_url) as connection:
            rows = connection.execute("SELECT outbox_id::text, sequence FROM events ORDER BY sequence").fetchall()
        assert rows == agent.written()
        report = json.loads(found.well("fsck", "--json"))
        assert (report["violations"], report["devices"][0]["gaps"], report["devices"][0]["duplicates"]) == ([], [], 0)
    finally:
        found.stop_worker()
        agent.end()
        database_server.drop_database(found.database_url)


def test_only_an_empty_machine_and_the_right_passphrase_open_it(
    tmp_path: Path, database_server: services.Server, passphrase: str
) -> None:
    one = Machine(tmp_path / "one", database_server.new_database())
    one.make_keys()
    refused = one.room("backup", str(tmp_path / "copies"))
    assert (refused.returncode, "backup.passphrase_file" in refused.stderr) == (2, True)
    one.well("backup", str(tmp_path / "copies"), "--passphrase-file", passphrase)
    other = Machine(tmp_path / "other", database_server.new_database())
    wrong = tmp_path / "wrong"
    wrong.write_text("not the one at all", encoding="utf-8")
    refused = other.room("restore", str(tmp_path / "copies"), "--passphrase-file", str(wrong))
    assert (refused.returncode, "another passphrase" in refused.stderr) == (1, True)
    assert not (other.folder / "keys").exists()
    other.make_keys()
    refused = other.room("restore", str(tmp_path / "copies"), "--passphrase-file", passphrase)
    assert (refused.returncode, "another key lies there" in refused.stderr) == (1, True)
    for machine in (one, other):
        database_server.drop_database(machine.database_url)
