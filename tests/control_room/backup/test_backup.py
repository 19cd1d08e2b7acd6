"""What a backup holds, and what an interrupted one leaves."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from control_room.backup import keys, tables
from control_room.backup.asked import BackupError
from control_room.backup.folder import Folder
from control_room.database import pool
from tests.control_room import messages, services
from tests.control_room.backup.rooms import Machine


@pytest.fixture
def machine(tmp_path: Path, database_url: str) -> Iterator[Machine]:
    made = Machine(tmp_path / "room", database_url)
    with pool.connect(database_url) as connection:
        messages.add_device(connection, "dev-1")
    yield made
    made.stop()


def test_every_table_is_in_a_backup_or_named_as_left_out(connection: pool.Connection) -> None:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    everything = {name for (name,) in connection.execute(query)}
    kept = tables.kept(connection)
    assert set(kept) | tables.NOT_KEPT == everything
    assert not set(kept) & tables.NOT_KEPT
    order = list(kept)
    assert order.index("devices") < order.index("cameras") < order.index("alerts") < order.index("alert_history")


def test_files_are_copied_once_and_forgotten_with_their_last_backup(machine: Machine, tmp_path: Path) -> None:
    copies = Folder(tmp_path / "copies")
    sha256 = machine.add_file(b"x" * 50_000)
    first = machine.backup(copies.directory, messages.NOON)
    inode = copies.file(sha256).stat().st_ino
    with pool.connect(machine.database_url) as connection:
        connection.execute("UPDATE evidence SET erased_at = now()")
    second_file = machine.add_file(b"y" * 50_000)
    second = machine.backup(copies.directory, messages.NOON + timedelta(days=13))
    assert second.added_bytes < first.added_bytes + 10_000
    assert (second.forgotten, copies.file(sha256).stat().st_ino) == (0, inode)
    assert [line.sha256 for line in copies.chosen(None).files()] == [second_file]
    third = machine.backup(copies.directory, messages.NOON + timedelta(days=15))
    assert (third.forgotten, len(copies.whole())) == (1, 2)
    assert (copies.file(sha256).exists(), copies.file(second_file).exists()) == (False, True)


def test_a_file_that_is_lost_is_named(machine: Machine, tmp_path: Path) -> None:
    sha256 = machine.add_file(b"lost")
    machine.add_file(b"there")
    (machine.store / "sha256" / sha256[:2] / sha256[2:4] / sha256).unlink()
    manifest = machine.backup(tmp_path / "copies", messages.NOON).backup.manifest
    assert (manifest.files, len(manifest.missing), manifest.erased) == (1, 1, [])


def test_a_backup_cut_off_leaves_the_last_good_one(machine: Machine, tmp_path: Path) -> None:
    copies = Folder(tmp_path / "copies")
    machine.backup(copies.directory, messages.NOON)
    good = copies.chosen(None)
    sha256 = machine.add_file(b"never read to its end")
    stored = machine.store / "sha256" / sha256[:2] / sha256[2:4] / sha256
    stored.unlink()
    os.mkfifo(stored)  # whoever opens it waits for ever
    for number, status in ((signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)):
        begun = subprocess.Popen(machine.command("backup", str(copies.directory)), stderr=subprocess.DEVNULL)
        services.wait_until(lambda: _copies_files(copies), 120, "a backup that copies files")
        begun.send_signal(number)
        assert begun.wait(timeout=120) == status
        left = list((copies.directory / "backups").glob("*.part"))
        assert len(left) == (1 if number == signal.SIGKILL else 0)
        assert copies.chosen(None).path == good.path
    copies.chosen(None).check()
    stored.unlink()
    machine.backup(copies.directory, messages.NOON + timedelta(minutes=1))
    assert list((copies.directory / "backups").glob("*.part")) == []


def _copies_files(copies: Folder) -> bool:
    return any((copies.directory / "backups").glob("*.part/tmp*"))


def test_a_damaged_member_is_found(machine: Machine, tmp_path: Path) -> None:
    copies = Folder(tmp_path / "copies")
    machine.backup(copies.directory, messages.NOON)
    backup = copies.chosen(None)
    member = backup.path / "tables" / "devices.gz"
    member.write_bytes(member.read_bytes()[:-1])
    with pytest.raises(BackupError, match=r"tables/devices\.gz is damaged"):
        backup.check()


def test_keys_open_only_with_their_passphrase() -> None:
    sealed = keys.seal({"commands.key_file": b"secret"}, b"correct horse")
    assert b"secret" not in sealed
    assert keys.unseal(sealed, b"correct horse") == {"commands.key_file": b"secret"}
    with pytest.raises(BackupError, match="another passphrase"):
        keys.unseal(sealed, b"correct house")


def test_rows_go_from_plain_tables_into_hypertables_and_back(
    tmp_path: Path, plain_server: services.Server, timescale_server: services.Server
) -> None:
    source = Machine(tmp_path / "0", plain_server.new_database())
    with pool.connect(source.database_url) as connection:
        messages.add_device(connection)
        messages.ingest(connection, *(messages.delivery(messages.event(sequence=n)) for n in range(1, 6)))
    expected = _content(source)
    assert len(expected) == 5
    for step, server in enumerate((timescale_server, plain_server), start=1):
        at = messages.NOON + timedelta(days=step)
        source.backup(tmp_path / f"copies-{step}", at)
        target = Machine(tmp_path / str(step), server.new_database(migrated=False))
        target.restore(tmp_path / f"copies-{step}", at)
        assert _content(target) == expected
        next_id = "SELECT nextval('audit_audit_id_seq') - max(audit_id) FROM audit"
        assert target.count(next_id) == 1
        source = target


def _content(machine: Machine) -> list[tuple[object, ...]]:
    with pool.connect(machine.database_url) as connection:
        return connection.execute("SELECT event_id, occurred_at, message FROM events ORDER BY sequence").fetchall()
