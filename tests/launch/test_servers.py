"""The embedded database and both brokers, for real, on ports and in directories of the test."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from launch import accounts, broker, postgres, timescaledb
from launch.settings import own_port
from launch.supervisor import Part, Supervisor
from launch.unprivileged import Account, can_reach, give_to, own_directory, service_account

PASSWORDS = {"room": "room-word", "device-1": "device-word"}
WITHIN_S = 120.0


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    supervisor = Supervisor(lambda _pids: None, lambda _line: None)
    yield supervisor
    supervisor.stop([])


@pytest.fixture(scope="module")
def account() -> Account | None:
    return service_account()


def connection(port: int, user: str, password: str) -> tuple[mqtt.Client, str]:
    """A connected client, and the broker's answer; the text is empty where it hung up."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{user}", protocol=mqtt.MQTTv5)
    client.username_pw_set(user, password)
    answered, answer = threading.Event(), []

    def on_connect(*arguments: object) -> None:
        answer.append(str(arguments[3]))
        answered.set()

    client.on_connect = on_connect
    client.on_disconnect = lambda *_arguments: answered.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert answered.wait(WITHIN_S)
    return client, answer[0] if answer else ""


def published(client: mqtt.Client, topic: str) -> str:
    """What the broker says to a publication of QoS 1."""
    acknowledged, answer = threading.Event(), []

    def on_publish(*arguments: object) -> None:
        answer.append(str(arguments[3]))
        acknowledged.set()

    client.on_publish = on_publish
    client.publish(topic, b"{}", qos=1)
    assert acknowledged.wait(WITHIN_S)
    return answer[0]


def started_broker(supervisor: Supervisor, directory: Path, account: Account | None) -> tuple[str, int]:
    port = own_port(0)
    ports = broker.Ports(port, own_port(0))
    settings = directory / "room.toml"
    urls = [broker.url(user, "room-word", port) for user in (broker.ROOM_USER, broker.KEEPER_USER)]
    settings.write_text(
        f'[mqtt]\nurl = "{urls[0]}"\n[broker]\nadmin_url = "{urls[1]}"\n'
        f'[enrolment]\ndirectory = "{directory / "town"}"\n',
        encoding="utf-8",
    )
    room = accounts.Room(settings)
    chosen = broker.prepare(
        directory / "broker",
        ports,
        PASSWORDS,
        account,
        lambda home: accounts.make_broker_files(room, home, ("127.0.0.1",), broker.ACCOUNTS),
    )
    part = Part(
        name="broker",
        argv=chosen.argv,
        log=directory / "broker.log",
        account=account if chosen.as_service_account else None,
        ready=lambda: broker.answers(port),
        ready_within_s=WITHIN_S,
    )
    supervisor.start(part)
    return chosen.name, port


@pytest.mark.parametrize("installed", [True, False])
def test_a_broker_knows_its_users(
    supervisor: Supervisor,
    public_directory: Path,
    account: Account | None,
    monkeypatch: pytest.MonkeyPatch,
    *,
    installed: bool,
) -> None:
    if not installed:  # as on a machine without Mosquitto
        monkeypatch.setattr(broker, "_find", lambda _program: None)
    name, port = started_broker(supervisor, public_directory, account)
    room, answer = connection(port, "room", PASSWORDS["room"])
    assert answer == "Success"
    assert published(room, "talaia/v1/device-1/acks") in {"Success", "No matching subscribers"}
    refused = [("room", "wrong"), ("stranger", "room-word")]
    if name == "Mosquitto":  # it knows no device before one is enrolled
        refused.append(("device-1", PASSWORDS["device-1"]))
    for user, password in refused:
        client, answer = connection(port, user, password)
        assert answer in {"", "Not authorized"}
        client.loop_stop()
    if name == "iotcore":
        device, answer = connection(port, "device-1", PASSWORDS["device-1"])
        assert answer == "Success"
        device.disconnect()
        device.loop_stop()
    room.disconnect()
    room.loop_stop()


def test_the_brokers_files_are_private(supervisor: Supervisor, public_directory: Path, account: Account | None) -> None:
    started_broker(supervisor, public_directory, account)
    home = public_directory / "broker"
    assert home.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in home.iterdir())
    assert "room-word" not in "".join(
        path.read_text(encoding="utf-8", errors="replace") for path in home.iterdir() if path.is_file()
    )


def test_settings_are_replaced_and_comments_dropped() -> None:
    template = "# where\nlistener 1883 127.0.0.1\n\nuser mosquitto\nautosave_interval 1\n"
    assert broker.replace_settings(template, {"listener": "9 127.0.0.1", "user": None}) == (
        "listener 9 127.0.0.1\nautosave_interval 1\n"
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, account: Account | None) -> postgres.Server:
    cache = tmp_path_factory.mktemp("cache")
    return postgres.install(None, cache, account)


def waited(condition: Callable[[], bool]) -> bool:
    deadline_s = time.monotonic() + WITHIN_S
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        pause.wait(0.1)
    return True


def test_the_database_comes_back_after_a_kill(
    supervisor: Supervisor, server: postgres.Server, public_directory: Path, account: Account | None
) -> None:
    port, log = own_port(0), public_directory / "database.log"
    cluster = postgres.initialise(server, public_directory / "postgres", "super-word", account, log)
    superuser_url = postgres.url("postgres", "super-word", port, "postgres")
    part = Part(
        name="database",
        argv=postgres.command(server, cluster, port),
        log=log,
        directory=cluster,
        account=account,
        stop_signal=signal.SIGINT,
        before_start=lambda: postgres.remove_stale_pid_file(cluster),
        ready=lambda: postgres.answers(superuser_url),
        ready_within_s=WITHIN_S,
    )
    supervisor.start(part)
    for _ in range(2):  # a second start prepares it again
        postgres.prepare(superuser_url, "role-word", with_timescaledb=False)
    room_url = postgres.url("talaia", "role-word", port, "talaia")
    with psycopg.connect(room_url) as connected:
        connected.execute("CREATE TABLE kept AS SELECT 7 AS number")
        assert connected.execute("SHOW fsync").fetchone() == ("on",)
        assert connected.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    assert not postgres.answers(postgres.url("talaia", "wrong", port, "talaia"))
    first = supervisor.pids["database"]
    assert first is not None
    os.kill(first, signal.SIGKILL)

    def is_back() -> bool:
        supervisor.tend()
        return supervisor.pids["database"] not in {None, first} and postgres.answers(room_url)

    assert waited(is_back)
    with psycopg.connect(room_url) as connected:
        assert connected.execute("SELECT number FROM kept").fetchone() == (7,)
    assert postgres.initialise(server, public_directory / "postgres", "other", account, log) == cluster


def test_a_pid_file_of_another_program_is_removed(tmp_path: Path) -> None:
    pid_file = tmp_path / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{tmp_path}\n", encoding="utf-8")
    postgres.remove_stale_pid_file(tmp_path)
    assert not pid_file.exists()


def test_a_failed_initialisation_leaves_nothing(tmp_path: Path, server: postgres.Server) -> None:
    broken = postgres.Server(tmp_path / "programs", "")
    broken.programs.mkdir()
    (broken.programs / "initdb").write_text("#!/bin/sh\necho 'initdb: No space left on device'\nexit 1\n")
    (broken.programs / "initdb").chmod(0o755)
    with pytest.raises(Exception, match="making the database failed: the disk is full"):
        postgres.initialise(broken, tmp_path / "postgres", "word", None, tmp_path / "log")
    assert list((tmp_path / "postgres").iterdir()) == []
    assert server.program("initdb").is_file()


def test_the_newest_finished_build_is_taken(tmp_path: Path) -> None:
    installation = timescaledb.PostgresInstallation.of(postgres.wheel_pg_config())
    assert timescaledb.cached(installation, tmp_path) is None
    for version in ("2.9.1", "2.19.3"):
        directory = tmp_path / "timescaledb" / f"{timescaledb._key(installation)}-timescaledb{version}"
        for part, name in (("lib", f"timescaledb-{version}.so"), ("extension", "timescaledb.control")):
            (directory / part).mkdir(parents=True)
            (directory / part / name).write_text(version, encoding="utf-8")
    (tmp_path / "timescaledb" / f"{timescaledb._key(installation)}-timescaledb2.20.0").mkdir()  # unfinished
    newest = timescaledb.cached(installation, tmp_path)
    assert newest is not None
    assert newest.version == "2.19.3"
    older = timescaledb.cached(installation, tmp_path, "2.9.1")
    assert older is not None
    targets = tmp_path / "library", tmp_path / "share"
    for target in targets:
        target.mkdir()
    older.install(*targets)
    assert [path.name for target in targets for path in target.iterdir()] == [
        "timescaledb-2.9.1.so",
        "timescaledb.control",
    ]


def test_a_private_parent_is_gone_around(public_directory: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root starts servers as another user")
    nobody = Account("nobody", 65534, 65534)
    private = public_directory / "private"
    private.mkdir(mode=0o700)
    elsewhere = public_directory / "elsewhere"
    place = own_directory(private / "postgres", nobody, elsewhere)
    assert place.parent == elsewhere
    assert (private / "postgres").resolve() == place
    assert (place.stat().st_uid, place.stat().st_mode & 0o777) == (nobody.uid, 0o700)
    assert own_directory(private / "postgres", nobody, elsewhere) == place
    assert private.stat().st_mode & 0o777 == 0o700
    assert not can_reach(private / "postgres.sql", nobody)
    (private / "postgres").unlink()  # the data directory was temporary and is gone
    other = own_directory(private / "postgres", nobody, elsewhere)
    assert other != place
    assert not place.exists()


def test_an_account_owns_what_it_is_given(public_directory: Path) -> None:
    here = Account("me", os.geteuid(), os.getegid())
    (public_directory / "deep").mkdir()
    (public_directory / "deep" / "link").symlink_to("/etc/passwd")
    give_to(public_directory, here)
    assert Path("/etc/passwd").stat().st_uid == 0
    assert own_directory(public_directory / "fresh", None).stat().st_mode & 0o777 == 0o700
