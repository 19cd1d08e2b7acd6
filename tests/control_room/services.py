"""Real services of the tests' own: PostgreSQL and Mosquitto on free ports, gone when the tests are."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from benchmarks import ports
from control_room.database import migrate

POSTGRES = Path("/usr/lib/postgresql/15")
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
READY_WITHIN_S = 120
_LEFT_WITHIN_S = 120
free_port = ports.free_port


def wait_until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within_s} s"
        threading.Event().wait(0.05)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False


def has_timescale() -> bool:
    return (POSTGRES / "lib" / "timescaledb.so").is_file()


class Server:
    """A PostgreSQL server; either our own, which can be stopped and started, or the one of TALAIA_TEST_DATABASE_URL."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._templates: dict[str, str] = {}

    def new_database(self, *, migrated: bool = True) -> str:
        """URL of a database of its own; a migrated one is a quick copy of a template."""
        name = f"t_{uuid.uuid4().hex}"
        template = self._template() if migrated else "template0"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self._insist(statement)
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        name = sql.Identifier(url.rpartition("/")[2].partition("?")[0])
        self._insist(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def url_of(self, database: str) -> str:
        head, _, options = self.url.partition("?")
        return f"{head.rpartition('/')[0]}/{database}" + (f"?{options}" if options else "")

    def _template(self) -> str:
        if "migrated" not in self._templates:
            name = f"template_{uuid.uuid4().hex}"
            self._insist(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
            migrate.migrate(self.url_of(name))
            self._execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
            self._execute(
                sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name)
            )
            self._templates["migrated"] = name
        return self._templates["migrated"]

    def _insist(self, statement: sql.Composed) -> None:
        """PostgreSQL itself gives connections that are about to end five seconds."""

        def is_done() -> bool:
            try:
                self._execute(statement)
            except psycopg.errors.ObjectInUse:
                return False
            return True

        wait_until(is_done, _LEFT_WITHIN_S, "the end of the connections to a database")

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def close(self) -> None:
        for name in self._templates.values():
            with contextlib.suppress(psycopg.Error):
                self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


class OwnServer(Server):
    """In a folder of its own, as user postgres where we are root; it dies with us."""

    def __init__(self, *, timescale: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="talaia-postgres-"))
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        super().__init__(f"postgresql://postgres@127.0.0.1:{self._port}/postgres")
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        data = self._folder / "data"
        made = [str(POSTGRES / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*_as_postgres(), *made, "--no-locale", "-N"], check=True, capture_output=True, timeout=120)
        preload = "timescaledb" if timescale else ""
        with (data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(
                f"port = {self._port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self._folder}'\n"
                f"fsync = off\nshared_buffers = 64MB\nmax_wal_size = 256MB\n"
                f"shared_preload_libraries = '{preload}'\ntimescaledb.telemetry_level = off\n"
            )
        self.start()

    def start(self) -> None:
        log = (self._folder / "log").open("ab")
        command = [*_as_postgres(), str(POSTGRES / "bin" / "postgres"), "-D", str(self._folder / "data")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_until(self._answers, READY_WITHIN_S, "PostgreSQL")

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=30)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _as_postgres() -> list[str]:
    """Run as user postgres where we are root, and end when the test run ends, however it ends."""
    who = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, "--pdeathsig=INT"]


class Broker:
    """Mosquitto, with its memory in a folder; its log names every packet where wanted (`settled_by`)."""

    def __init__(self, folder: Path, *, tells_packets: bool = False) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n"
            "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n"
            + ("log_type debug\n" if tells_packets else "")
            + ("user root\n" if os.geteuid() == 0 else ""),
            encoding="utf-8",
        )
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        log = (self._folder / "log").open("ab")
        command = ["setpriv", "--pdeathsig=TERM", MOSQUITTO, "-c", str(self._folder / "mosquitto.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        wait_until(self._answers, READY_WITHIN_S, "Mosquitto")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def settled_by(self, client_id: str) -> int:
        """How many messages the client has taken off its hands, as the broker knows it."""
        log = (self._folder / "log").read_text(encoding="utf-8")
        return log.count(f"Received PUBACK from {client_id} ")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2):
            return True
        return False


@contextlib.contextmanager
def own_server(*, timescale: bool) -> Iterator[OwnServer]:
    if not (POSTGRES / "bin" / "initdb").is_file():
        pytest.skip("PostgreSQL 15 is not installed (apt-get install postgresql-15)")
    server = OwnServer(timescale=timescale)
    try:
        yield server
    finally:
        server.close()


@contextlib.contextmanager
def own_broker(folder: Path, *, tells_packets: bool = False) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed (apt-get install mosquitto)")
    broker = Broker(folder, tells_packets=tells_packets)
    try:
        yield broker
    finally:
        broker.close()
