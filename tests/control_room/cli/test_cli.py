"""`talaia-room` as people run it: what it prints and how it ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from control_room import cli
from control_room import serving as web_server
from tests.control_room import services

ROOM = Path(sys.executable).parent / "talaia-room"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path, database_url: str) -> Path:
    """Settings on a fresh database."""
    written = tmp_path / "room.toml"
    written.write_text(
        f'[http]\nlisten = "127.0.0.1:{services.free_port()}"\n[database]\nurl = "{database_url}"\n'
        f'[mqtt]\nurl = "mqtt://127.0.0.1:{services.free_port()}"\n[store]\ndirectory = "{tmp_path / "store"}"\n',
        encoding="utf-8",
    )
    return written


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Exit status, stdout and stderr of a command, run in this process."""

    def run_here(*arguments: str | Path, **environment: str) -> tuple[int, str, str]:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            status = cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_here


def test_accounts_and_devices(run: Run, file: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("long enough to be one\n", encoding="utf-8")
    added = ("user", "add", "anna", "--role", "administrator", "--password-file", password)
    assert run(added[0], "-c", file, *added[1:]) == (0, "", "")
    assert run(*added, "-c", file) == (1, "", "talaia-room: user: 'anna' is taken\n")
    status, link, _ = run("-c", file, "user", "login-link", "anna")
    assert status == 0
    assert "/login?token=" in link
    assert run("user", "login-link", "-c", file, "bob")[0] == 1
    status, printed, _ = run("device", "add", "-c", file, "quay", "--name", "Quay", "--json")
    assert status == 0
    assert json.loads(printed)["token"].startswith("quay.")
    status, printed, _ = run("device", "list", "--json", TALAIA_ROOM_CONFIG=str(file))
    assert [device["device_id"] for device in json.loads(printed)] == ["quay"]


def test_fsck_of_an_empty_room(run: Run, file: Path) -> None:
    assert run("fsck", "-c", file) == (0, "sound\n", "")
    assert json.loads(run("fsck", "-c", file, "--json")[1]) == {"devices": [], "violations": []}
    assert run("dead-letters", "replay", "-c", file, "--json") == (0, "[]\n", "")


def test_the_example_is_printed(run: Run) -> None:
    status, printed, _ = run("config", "--example")
    assert status == 0
    assert printed.startswith("# The control room's settings")


def test_a_wrong_usage_is_one_line_and_exit_2(run: Run, file: Path) -> None:
    for arguments in (["nonsense"], ["user", "add", "x", "--role", "king"], ["simulate", "--devices", "0"]):
        status, printed, error = run(*arguments)
        assert (status, printed, error.count("\n")) == (2, "", 1)
    status, _, error = run("serve", "-c", file, TALAIA_HTTP_LISTEN="0.0.0.0:0")
    assert (status, error.count("\n")) == (2, 1)
    assert error.startswith("talaia-room: http.listen: got '0.0.0.0:0'; allowed: a loopback address")


def test_no_database_and_no_schema_are_one_line_and_exit_1(
    run: Run, file: Path, plain_server: services.Server, tmp_path: Path
) -> None:
    away = f"postgresql://x@127.0.0.1:{services.free_port()}/x"
    status, _, error = run("fsck", "-c", file, TALAIA_DATABASE_URL=away)
    assert (status, error.count("\n")) == (1, 1)
    assert "the database cannot be reached" in error
    empty = plain_server.new_database(migrated=False)
    status, _, error = run("fsck", "-c", file, TALAIA_DATABASE_URL=empty)
    assert (status, error) == (1, "talaia-room: the database has not the present schema; run talaia-room migrate\n")
    status, printed, _ = run("migrate", "-c", file, TALAIA_DATABASE_URL=empty)
    assert (status, printed.splitlines()[0]) == (0, "001_pre_whole")
    plain_server.drop_database(empty)
    arguments = ("--devices", "1", "--rate", "1", "--seconds", "1", "--ledger", tmp_path / "no" / "ledger")
    status, _, error = run("simulate", "-c", file, *arguments)
    assert (status, error.count("\n")) == (1, 1)


def test_serve_answers_and_stops_with_little_grace(run: Run, file: Path) -> None:
    """Of how long that takes the clock of a busy machine says nothing."""
    assert web_server._STOP_WITHIN_S <= 5
    address = file.read_text(encoding="utf-8").partition('"')[2].partition('"')[0]
    with (file.parent / "serve.log").open("wb") as log:
        serving = subprocess.Popen([ROOM, "serve", "-c", file], stderr=log)
    try:
        services.wait_until(lambda: answers(address), 120, "the service")
        status, _, error = run("serve", "-c", file)
        assert (status, error) == (1, f"talaia-room: http.listen: cannot listen on {address}: Address already in use\n")
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(timeout=120) in (0, -signal.SIGTERM)
    finally:
        if serving.poll() is None:
            serving.kill()
            serving.wait()
    host, _, port = address.rpartition(":")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((host, int(port)), timeout=2):
        pass


def answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/healthz", timeout=60).status_code == 200
    except httpx.TransportError:
        return False
