"""A browser's end of the live stream."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import httpx

STREAM = "/api/v1/stream"
ENDED = "ended"
WITHIN_S = 120
_AGAIN_S = 0.2


@dataclass(frozen=True)
class Event:
    """One server-sent event; `ended` where the server closed the stream."""

    name: str
    stream_id: int | None = None
    data: Any = None


class RefusedError(Exception):
    """The server answered with this status instead of a stream."""


class Listener:
    """Reads in a thread of its own, so that a test can wait for an event with a limit."""

    def __init__(self, client: httpx.Client, last_event_id: int | str | None) -> None:
        headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
        self._events: queue.Queue[Event] = queue.Queue()
        self._context = client.stream("GET", STREAM, headers=headers, timeout=WITHIN_S)
        self._response = self._context.__enter__()
        if self._response.status_code != HTTPStatus.OK:
            status, _ = self._response.status_code, self._context.__exit__(None, None, None)
            raise RefusedError(status)
        assert self._response.headers["content-type"] == "text/event-stream; charset=utf-8"
        self._thread = threading.Thread(target=self._read, name="listener", daemon=True)
        self._thread.start()

    def next(self, within_s: float = WITHIN_S) -> Event:
        """The next event that is no heartbeat."""
        while True:
            event = self._events.get(timeout=within_s)
            if event.name != "heartbeat":
                return event

    def next_heartbeat(self, within_s: float = WITHIN_S) -> Event:
        while True:
            event = self._events.get(timeout=within_s)
            if event.name == "heartbeat":
                return event

    def until(self, stream_id: int) -> list[Event]:
        """All events up to the one of this id."""
        events = [self.next()]
        while (events[-1].stream_id or 0) < stream_id:
            events.append(self.next())
        return events

    def close(self) -> None:
        # The reading thread holds the connection open until it is told.
        with contextlib.suppress(OSError):
            self._response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(WITHIN_S)
        self._context.__exit__(None, None, None)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(httpx.HTTPError, httpx.StreamError):
            for line in self._response.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    self._events.put(_event(fields))
                    fields = {}
        self._events.put(Event(ENDED))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: types.TracebackType | None
    ) -> None:
        self.close()


def _event(fields: dict[str, str]) -> Event:
    stream_id = int(fields["id"]) if "id" in fields else None
    return Event(fields["event"], stream_id, json.loads(fields["data"]))


def begun(client: httpx.Client, last_event_id: int | str | None = None) -> Listener:
    """As a browser comes, again: a process that has only just begun does not hear the database yet, and refuses."""
    until_s = time.monotonic() + WITHIN_S
    while True:
        try:
            return Listener(client, last_event_id)
        except RefusedError as error:
            if error.args != (HTTPStatus.SERVICE_UNAVAILABLE,) or time.monotonic() > until_s:
                raise
        time.sleep(_AGAIN_S)


@contextlib.contextmanager
def listening(client: httpx.Client, last_event_id: int | str | None = None) -> Iterator[Listener]:
    with begun(client, last_event_id) as listener:
        yield listener


class Screen:
    """What a browser shows: a snapshot, and each change put in its place."""

    def __init__(self, snapshot: dict[str, list[dict[str, Any]]]) -> None:
        self.alerts = {item["alert_id"]: item for item in snapshot["alerts"]}
        self.cameras = {(item["device_id"], item["camera_id"]): item for item in snapshot["cameras"]}
        self.devices = {item["device_id"]: item for item in snapshot["devices"]}

    def take(self, event: Event) -> None:
        item = event.data
        if event.name == "alert":
            if item["state"] == "closed":
                self.alerts.pop(item["alert_id"], None)
            else:
                self.alerts[item["alert_id"]] = item
        elif event.name == "camera":
            self.cameras[item["device_id"], item["camera_id"]] = item
        elif event.name == "device":
            self.devices[item["device_id"]] = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Screen) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment] # it changes
