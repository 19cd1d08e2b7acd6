"""A database for each test, on a server for all of them, and a broker."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_room.database import pool
from tests.control_room import door as doors
from tests.control_room import services


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    """A developer's own TALAIA_* must not reach the code under test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("TALAIA_") and name not in {"TALAIA_TEST_DATABASE_URL", "TALAIA_CACHE_DIR"}:
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """A database on a machine that does much else is not away; no test is about how soon it is taken to be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "CONNECT_WITHIN_S", 120)
        patch.setattr(pool, "POOLED_WITHIN_S", 120.0)
        yield


@pytest.fixture(scope="session")
def plain_server() -> Iterator[services.Server]:
    """Without TimescaleDB, on which a new database takes 0.4 s; what depends on it asks for `either_database_url`."""
    with services.own_server(timescale=False) as own:
        yield own


@pytest.fixture(scope="session")
def timescale_server() -> Iterator[services.Server]:
    if not services.has_timescale():
        pytest.skip("TimescaleDB is not built for PostgreSQL 15 on this machine")
    with services.own_server(timescale=True) as own:
        yield own


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> Iterator[services.Server]:
    """For all tests that any PostgreSQL serves; another one by TALAIA_TEST_DATABASE_URL."""
    given = os.environ.get("TALAIA_TEST_DATABASE_URL")
    if not given:
        yield request.getfixturevalue("plain_server")
        return
    server = services.Server(given)
    yield server
    server.close()


@pytest.fixture
def database_url(database_server: services.Server) -> Iterator[str]:
    """A fresh database with the present schema."""
    url = database_server.new_database()
    yield url
    database_server.drop_database(url)


@pytest.fixture(params=["plain", "timescale"])
def either_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database, once on plain PostgreSQL and once on TimescaleDB."""
    server: services.Server = request.getfixturevalue(f"{request.param}_server")
    url = server.new_database()
    yield url
    server.drop_database(url)


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """What a command that runs inside a test sets up for its log does not outlive the test's stderr."""
    log = logging.getLogger()
    before, level = list(log.handlers), log.level
    yield
    for handler in [one for one in log.handlers if one not in before]:
        log.removeHandler(handler)
    log.setLevel(level)


@pytest.fixture
def connection(database_url: str) -> Iterator[pool.Connection]:
    with pool.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Broker]:
    """For tests that leave it alive; they tell their messages apart by device."""
    with services.own_broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def mortal_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[services.Broker]:
    """For tests that kill it, or whose devices leave a retained status behind."""
    with services.own_broker(tmp_path_factory.mktemp("mortal-broker")) as running:
        yield running


@pytest.fixture
def door(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    """The web service on a fresh database."""
    with doors.opened(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def chores_by_hand(database_url: str, tmp_path: Path) -> Iterator[doors.Door]:
    """The web service, in which the test alone does what is done by the clock."""
    with doors.opened(database_url, tmp_path, does_chores=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def lasting_door(database_server: services.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[doors.Door]:
    """One for a file of tests that only look, or expect to be refused."""
    url = database_server.new_database()
    with doors.opened(url, tmp_path_factory.mktemp("room")) as opened:
        yield opened
    database_server.drop_database(url)
