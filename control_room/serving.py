"""`talaia-room serve`: the web service behind uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import uvicorn
from fastapi import FastAPI

from control_room import app as rooms_app
from control_room import config, processes
from control_room.health import shared
from running.watchdog import Watchdog

_STOP_WITHIN_S = 4
_STUCK_AFTER_MS = 30_000  # a client that takes nothing for so long is gone, or comes back with a range or resumes


class ListenError(Exception):
    """The address cannot be listened on; one line."""


def _nobody_listens() -> None:
    """There is no supervisor to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a supervisor is told."""

    beat: Callable[[], None] = _nobody_listens
    """The event loop has come round; some ten times a second."""
    ready: Callable[[], None] = _nobody_listens
    """It serves."""
    stopping: Callable[[], None] = _nobody_listens
    """It was told to stop."""


class Server(uvicorn.Server):
    """Lets go of the browsers' open streams as soon as it is told to stop, instead of waiting for them."""

    def __init__(self, configuration: uvicorn.Config, app: FastAPI, told: Told | None = None) -> None:
        super().__init__(configuration)
        self._app = app
        self._told = told or Told()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._told.ready()

    async def on_tick(self, counter: int) -> bool:
        self._told.beat()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._told.stopping()
        self._app.state.hub.close()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Also of clients that do not read what was sent to them: uvloop would wait for those when it closes."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def serve(settings: config.Settings) -> None:
    """Until a signal says to stop.

    Raises:
        ListenError: the port is taken or not ours to take.
        config.ConfigError: the certificate or its key cannot be used.
        OSError: the evidence store's directory cannot be made.
    """
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(_listening(settings.http))]
        port = listeners[0].getsockname()[1]
        others = range(settings.http.processes - 1)
        listeners += [stack.enter_context(_listening(settings.http, port)) for _ in others]
        watchdog = Watchdog()
        if len(listeners) == 1:
            told = Told(beat=watchdog.turn, ready=watchdog.ready, stopping=watchdog.stopping)
            _serve_on(settings, listeners[0], told)
        else:
            processes.run(
                listeners,
                lambda listener, beat: _serve_on(settings, listener, Told(beat=beat)),
                watchdog,
                ended=shared.forget,
            )


def _serve_on(settings: config.Settings, listener: socket.socket, told: Told) -> None:
    http = settings.http
    app = rooms_app.create_app(settings)
    configuration = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        ssl_certfile=http.tls_certificate or None,
        ssl_keyfile=http.tls_key or None,
        proxy_headers=bool(http.trusted_proxies),
        forwarded_allow_ips=list(http.trusted_proxies),
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )
    try:
        configuration.load()
    except OSError as error:  # ssl.SSLError is one
        got = f"{http.tls_certificate!r} and {http.tls_key!r}"
        raise config.ConfigError(
            f"http.tls_certificate: got {got}; allowed: a PEM certificate and its key ({error})"
        ) from None
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises the signal again once it has stopped
        Server(configuration, app, told).run(sockets=[listener])


@contextlib.contextmanager
def _listening(http: config.Http, port: int | None = None) -> Iterator[socket.socket]:
    """On `port` where another of ours listens already; several share it only where the settings say so."""
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STUCK_AFTER_MS)  # each connection inherits it
        try:
            if http.processes > 1:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((http.host, http.port if port is None else port))
            listener.listen(512)
        except OSError as error:
            raise ListenError(f"http.listen: cannot listen on {http.listen}: {error.strerror}") from None
        yield listener
    finally:
        listener.close()
