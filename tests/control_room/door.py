"""The room by its public door: a real server on loopback and a real database, with named people and a clock to move."""

from __future__ import annotations

import contextlib
import socket
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from control_room import app as room_app
from control_room import callers, config, screens, serving
from control_room import room as rooms
from control_room.database import pool
from control_room.devices import service as devices
from control_room.sessions import cookie
from control_room.sessions import service as sessions
from control_room.users import service as users
from tests.control_room import messages, services

PASSWORD = "a long enough password"  # noqa: S105 - of tests
PEOPLE = {"marta": "operator", "pere": "pilot", "anna": "administrator"}
BROWSER = sessions.Browser("192.0.2.7", "a browser")
LASTS = timedelta(hours=12)
ADDRESS = "192.0.2.7"
WITHIN_S = 60.0
"""On a machine that stands still for a while; what hangs shows it all the same."""


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = messages.RECEIVED
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> datetime:
        with self._lock:
            return self.now

    def move(self, **by: float) -> datetime:
        with self._lock:
            self.now += timedelta(**by)
            return self.now


@dataclass
class Door:
    """A running room. Its server trusts this machine as a proxy, so that a client's address can be chosen."""

    app: FastAPI
    url: str
    clock: Clock
    database_url: str
    folder: Path
    """Where its store lies, and where its screens would."""
    _clients: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def close(self) -> None:
        self._clients.close()

    def client(self, *, address: str | None = ADDRESS, scheme: str = "http") -> httpx.Client:
        """A browser or program without any credential; `address` None: on this machine itself."""
        forwarded = {} if address is None else {"X-Forwarded-For": address, "X-Forwarded-Proto": scheme}
        return self._clients.enter_context(httpx.Client(base_url=self.url, headers=forwarded, timeout=WITHIN_S))

    @property
    def room(self) -> rooms.Room:
        room: rooms.Room = self.app.state.room
        return room

    @contextlib.contextmanager
    def connection(self) -> Iterator[pool.Connection]:
        with pool.connect(self.database_url, autocommit=True) as connection:
            yield connection

    def as_person(self, name: str) -> httpx.Client:
        """A browser in which this one of PEOPLE is logged in."""
        token, csrf_token = self.log_in(name)
        client = self.client()
        client.cookies.set(cookie.NAME, token)
        client.headers["X-CSRF-Token"] = csrf_token
        return client

    def log_in(self, name: str) -> tuple[str, str]:
        """Cookie and CSRF token of a new session; the account is made where there is none."""
        with self.connection() as connection, connection.transaction():
            if users.find(connection, name) is None:
                add_user(connection, name, self.clock())
            user = users.get(connection, name)
            begun = sessions.begin(connection, user, BROWSER, LASTS, self.clock())
        return begun.token, begun.session.csrf_token

    def as_device(self, device_id: str = "quay") -> httpx.Client:
        """A device with its token; it is added where it is not there."""
        with self.connection() as connection, connection.transaction():
            by, now = callers.command(), self.clock()
            row = connection.execute("SELECT 1 FROM devices WHERE device_id = %s", (device_id,)).fetchone()
            if row is None:
                token = devices.add(connection, device_id, device_id.title(), by=by, now=now)
            else:
                token = devices.renew_token(connection, device_id, by=by, now=now)
        client = self.client()
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    def ingest(self, *contents: dict[str, Any]) -> None:
        """Event messages as the worker would take them; their devices are added."""
        with self.connection() as connection:
            for content in contents:
                messages.add_device(connection, content["device_id"])
                messages.ingest(connection, messages.delivery(content, device_id=content["device_id"]))

    def alert(self, **changes: Any) -> dict[str, Any]:
        """A new alert, as the list gives it."""
        event = messages.event(**changes)
        self.ingest(event)
        with self.connection() as connection:
            found = messages.rows(connection, "SELECT alert_id FROM alerts WHERE event_id = %s", event["event_id"])
        answer = self.as_person("marta").get(f"/api/v1/alerts/{found[0]['alert_id']}")
        item: dict[str, Any] = answer.json()
        return item

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        with self.connection() as connection:
            return messages.rows(connection, query, *parameters)


def add_user(connection: pool.Connection, name: str, now: datetime, password: str | None = None) -> uuid.UUID:
    return users.add(connection, name, PEOPLE[name], password=password, by=callers.command(), now=now)


def settings(
    database_url: str, folder: Path, key_file: str = "", more: Mapping[str, Any] | None = None
) -> config.Settings:
    sections: dict[str, Any] = {
        "database": {"url": database_url},
        "store": {"directory": folder / "store"},
        "commands": {"key_file": key_file},
        **(more or {}),
    }
    return config.Settings.model_validate(sections)


@contextlib.contextmanager
def opened(
    database_url: str,
    folder: Path,
    *,
    heartbeat_s: float = 10.0,
    key_file: str = "",
    more: Mapping[str, Any] | None = None,
    does_chores: bool = True,
) -> Iterator[Door]:
    """`more`: other sections of its settings.

    `does_chores`: False for who does them himself: those of the room begin every 2 s, and see a moved clock at once.
    """
    clock = Clock()
    app = room_app.create_app(
        settings(database_url, folder, key_file, more),
        clock=clock,
        built=folder / "dist",
        heartbeat_s=heartbeat_s,
        does_chores=does_chores,
    )
    with _serving(app) as url:
        door = Door(app, url, clock, database_url, folder)
        try:
            yield door
        finally:
            door.close()


@contextlib.contextmanager
def opened_with_pages(server: services.Server, folder: Path) -> Iterator[Door]:
    """In a database of its own, with the web pages as they are built."""
    if not (screens.BUILT / "index.html").is_file():
        pytest.skip("the web pages are not built: make setup")
    (folder / "dist").symlink_to(screens.BUILT)
    url = server.new_database()
    with opened(url, folder) as door:
        yield door
    server.drop_database(url)


@contextlib.contextmanager
def _serving(app: FastAPI) -> Iterator[str]:
    """The application behind a real server; its URL."""
    configuration = uvicorn.Config(
        app,
        log_config=None,
        ws="none",
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        timeout_graceful_shutdown=5,
    )
    server = serving.Server(configuration, app)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="server")
        thread.start()
        try:
            services.wait_until(lambda: server.started or not thread.is_alive(), WITHIN_S, "the web server")
            assert server.started, "it ended; the log says why"
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            app.state.hub.close()
            server.should_exit = True
            thread.join(WITHIN_S)
            assert not thread.is_alive(), "the web server has ended"


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and `type` of a problem, which it must be."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["instance"] == answer.request.url.path
    return answer.status_code, document["type"].removeprefix("urn:talaia:problem:")
