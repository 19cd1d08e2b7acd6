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
    port = services.free_port()
    lost = Machine(tmp_path / "lost", database_server.new_database(), mortal_broker.url, port)
    copies = str(tmp_path / "copies")
    key = lost.make_keys()
    token = lost.well("device", "add", DEVICE, "--name", "Quay").strip()
    lost.start_worker()
    agent = Agent(tmp_path / "agent", mortal_broker.port, key, lost.url, token)
    agent.write(29)
    clips = [agent.write_with_clip(b"announced before the backup, here after it")]
    picture = lost.add_file(b"a picture" * 1000)
    made = json.loads(lost.well("backup", copies, "--passphrase-file", passphrase, "--json"))
    assert (made["files"], made["missing"]) == (1, [])
    lost.start_server()
    agent.write(18)
    clips += [agent.write_with_clip(b"small" * 1000), agent.write_with_clip(b"in pieces, by tus" * 1024**2)]
    agent.wait_for_uploads()
    assert lost.count("SELECT count(*) FROM events") == 50
    assert lost.count("SELECT count(*) FROM evidence WHERE received_at IS NOT NULL") == 4
    lost.stop()
    database_server.drop_database(lost.database_url)
    shutil.rmtree(lost.folder)

    found = Machine(tmp_path / "found", database_server.new_database(migrated=False), mortal_broker.url, port)
    try:
        restored = json.loads(found.well("restore", copies, "--passphrase-file", passphrase, "--json"))
        assert (restored["files"], restored["devices_to_ask"]) == (1, 1)
        assert found.count("SELECT count(*) FROM events") == 30
        assert found.path_of(picture).read_bytes() == b"a picture" * 1000
        again = found.room("restore", copies, "--passphrase-file", passphrase)
        assert (again.returncode, "goes into an empty machine" in again.stderr) == (1, True)
        assert [found.has(sha256) for sha256 in clips] == [False] * 3
        found.start_server()
        found.start_worker()
        services.wait_until(lambda: found.count("SELECT count(*) FROM events") == 50, 180, "what came after the backup")
        services.wait_until(
            lambda: found.count("SELECT count(*) FROM recoveries WHERE result = 'answered'") == 1, 180, "the answer"
        )
        with pool.connect(found.database_url) as connection:
            rows = connection.execute("SELECT outbox_id::text, sequence FROM events ORDER BY sequence").fetchall()
        assert rows == agent.written()
        received = "SELECT count(*) FROM evidence WHERE announced_at IS NOT NULL AND received_at IS NOT NULL"
        services.wait_until(lambda: found.count(received) == 3, 180, "the files, also that of before the backup")
        assert [found.has(sha256) for sha256 in clips] == [True] * 3
        report = json.loads(found.well("fsck", "--json"))
        assert (report["violations"], report["devices"][0]["gaps"], report["devices"][0]["duplicates"]) == ([], [], 0)
    finally:
        found.stop()
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
