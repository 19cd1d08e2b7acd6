"""The previous release, out of git, goes on serving while the new one's `pre` migrations have run; then it leaves."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import sql as compose

from control_room.database import migrate, pool, sql
from tests.control_room import services
from tests.control_room.database.test_migrate import catalogue
from tests.control_room.database.test_upgrade import OLD_STATEMENT

ROOT = Path(__file__).parents[3]
PREVIOUS = "fcb863d1b0679c60ebf476bc77ab9d1fe2eb1384"
NEWEST_THEN = "040_pre_backups"
PACKAGES = ("control_room", "wire", "vision")
OF_TIMESCALE = re.compile("timescaledb|drop_chunks")
LASTING = ("alerts", "alert_history", "evidence", "devices", "cameras", "dead_letters", "users")


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its code."""
    archived = subprocess.run(
        ["git", "archive", PREVIOUS, *PACKAGES], cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    if archived.returncode:
        pytest.skip(f"this checkout's history does not have the previous release {PREVIOUS[:7]}")
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


class Release:
    """The commands of one release's code, on one database."""

    def __init__(self, code: Path, folder: Path, database_url: str, broker_url: str) -> None:
        self._code = code
        self._folder = folder
        self._port = services.free_port()
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(code),
            "TALAIA_DATABASE_URL": database_url,
            "TALAIA_MQTT_URL": broker_url,
            "TALAIA_MQTT_CLIENT_ID": "side-by-side",
            "TALAIA_STORE_DIRECTORY": str(folder / "store"),
            "TALAIA_HTTP_LISTEN": f"127.0.0.1:{self._port}",
        }

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self._command(*arguments),
            cwd=self._code,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-1000:]
        return done.stdout

    @contextmanager
    def working(self) -> Iterator[httpx.Client]:
        """Its server and its worker; a client that somebody has logged in with."""
        url, started = f"http://127.0.0.1:{self._port}", []
        try:
            for name in ("worker", "serve"):
                with (self._folder / f"{name}.log").open("ab") as log:
                    command = self._command(name)
                    started.append(subprocess.Popen(command, cwd=self._code, env=self._environment, stderr=log))
            with httpx.Client(base_url=url, headers={"Origin": url}, timeout=60) as client:
                services.wait_until(lambda: _is_ready(client), 180, "a room that is ready")
                yield client
        finally:
            for process in started:
                process.kill()
                process.wait(timeout=60)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "control_room.cli", *arguments]


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def _count(url: str, what: str) -> int:
    with pool.connect(url) as connection:
        (row,) = connection.execute(compose.SQL("SELECT count(*) FROM {}").format(compose.Identifier(what)))
        return int(row[0])


def _simulate(release: Release, seed: int) -> int:
    told = json.loads(
        release.run("simulate", "--devices", "3", "--rate", "20", "--seconds", "2", "--seed", str(seed), "--json")
    )
    assert told["unacked"] == 0
    return int(told["sent"])


@pytest.mark.system
def test_the_previous_release_serves_until_the_new_one_does(
    previous: Path, database_server: services.Server, mortal_broker: services.Broker, tmp_path: Path
) -> None:
    url = database_server.new_database(migrated=False)
    old, new = (Release(code, tmp_path, url, mortal_broker.url) for code in (previous, ROOT))
    assert NEWEST_THEN in old.run("migrate")
    old.run("user", "add", "marta", "--role", "operator")
    link = old.run("user", "login-link", "marta")
    with old.working() as client:
        sent = _simulate(old, 1)
        ran = new.run("migrate", "--only", "pre")
        assert NEWEST_THEN not in ran
        assert _is_ready(client), "for the old code nothing is missing"
        sent += _simulate(old, 2)
        assert _count(url, "events") == sent
        _log_in(client, link)
        alert = client.get("/api/v1/alerts", params={"limit": 1}).raise_for_status().json()["items"][0]
    before = {name: _count(url, name) for name in LASTING}
    new.run("migrate")
    with new.working() as client:
        _log_in(client, new.run("user", "login-link", "marta"))
        shown = client.get(f"/api/v1/alerts/{alert['alert_id']}").raise_for_status().json()
        assert {key: shown[key] for key in alert if key in shown} == {key: alert[key] for key in alert if key in shown}
        assert {name: _count(url, name) for name in LASTING} == before
        sent += _simulate(new, 3)
    report = json.loads(new.run("fsck", "--json"))
    assert (report["violations"], _count(url, "events")) == ([], sent)
    with pool.connect(url) as connection:
        assert connection.execute("SELECT sum(messages)::int FROM town_event_counts").fetchone() == (sent,)
    database_server.drop_database(url)


def _log_in(client: httpx.Client, link: str) -> None:
    token = link.strip().rpartition("token=")[2]
    client.post("/api/v1/session/link", json={"token": token}).raise_for_status()


@pytest.mark.parametrize("kind", ["plain", "timescale"])
def test_its_statements_are_understood_after_pre(kind: str, previous: Path, request: pytest.FixtureRequest) -> None:
    server: services.Server = request.getfixturevalue(f"{kind}_server")
    url = server.new_database(migrated=False)
    _make_previous(url, previous)
    assert migrate.migrate(url, "pre") == [name for name in _since() if migrate.phase(name) == "pre"]
    checked = 0
    with pool.connect(url) as connection:
        queries = _queries(previous)
        for statements in queries.values():
            for query in statements.values():
                if query.startswith("CREATE TEMP"):
                    connection.execute(query)
        for statements in queries.values():
            for query in statements.values():
                if OLD_STATEMENT.match(query) and (kind == "timescale" or not OF_TIMESCALE.search(query)):
                    nothing = dict.fromkeys(re.findall(r"%\((\w+)\)s", query))
                    connection.execute(compose.SQL("EXPLAIN {}").format(compose.SQL(query)), nothing, prepare=False)
                    checked += 1
    assert checked > 150
    migrate.migrate(url)
    if kind == "plain":
        declared = server.new_database(migrated=False)
        with pool.connect(declared) as connection:
            connection.execute(migrate.schema())
        assert catalogue(url) == catalogue(declared)
        server.drop_database(declared)
    server.drop_database(url)


def _since() -> list[str]:
    names = [name for name, _ in migrate.files()]
    return names[names.index(NEWEST_THEN) + 1 :]


def _make_previous(url: str, previous: Path) -> None:
    """As its own `migrate` leaves an empty database."""
    files = sorted((previous / "control_room" / "database" / "migrations").glob("*.sql"))
    assert files[-1].stem == NEWEST_THEN
    with pool.connect(url, autocommit=True) as connection:
        for file in files:
            connection.execute(compose.SQL(file.read_text(encoding="utf-8")))
            connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (file.stem,))
        if migrate._create_extension(connection):
            migrate.make_hypertables(connection)


def _queries(previous: Path) -> dict[str, dict[str, Any]]:
    """By feature; those of `database` are about TimescaleDB's Community edition, not about the schema."""
    files = sorted((previous / "control_room").glob("*/queries.sql"))
    found = {file.parent.name: dict(sql.parse(file.read_text(encoding="utf-8"), str(file))) for file in files}
    del found["database"]
    return found
