"""`talaia-room serve`: the web service on its address, until a signal ends it."""

from __future__ import annotations

import logging
import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from control_room import app as room_app

if TYPE_CHECKING:
    from types import FrameType

    from control_room import config
    from control_room.stream.hub import Hub

_GRACE_S = 5  # for answers under way when the service stops
_KEEP_ALIVE_S = 75
_BACKLOG = 1024

_log = logging.getLogger(__name__)


class ServeError(Exception):
    """The service cannot begin; one line."""


class Server(uvicorn.Server):
    """Ends the live streams the moment a signal comes; they would never end by themselves."""

    def __init__(self, configuration: uvicorn.Config, hub: Hub) -> None:
        super().__init__(configuration)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """In a signal handler."""
        self._hub.close()
        super().handle_exit(sig, frame)


def serve(settings: config.Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ServeError: the address is taken or not this machine's, the certificate cannot be read, or the evidence store
            cannot be made.
    """
    try:
        app = room_app.create_app(settings)
    except OSError as error:
        raise ServeError(f"store.directory: got {str(settings.store.directory)!r}; {error.strerror}") from None
    try:
        server = Server(_configuration(settings, app), app.state.hub)
        server.config.load()
    except OSError as error:
        raise ServeError(f"http.tls_certificate: got {settings.http.tls_certificate!r}; {error}") from None
    with _listening(settings.http) as listening:
        # uvicorn hands the signal on when it has stopped; by then it has been obeyed.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: None)
        _log.info("serving at %s", settings.http.url)
        server.run(sockets=[listening])


def _configuration(settings: config.Settings, app: object) -> uvicorn.Config:
    web = settings.http
    return uvicorn.Config(
        app,  # type: ignore[arg-type] # uvicorn's own type of ASGI
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(web.trusted_proxies),
        forwarded_allow_ips=list(web.trusted_proxies),
        ssl_certfile=web.tls_certificate or None,
        ssl_keyfile=web.tls_key or None,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=_KEEP_ALIVE_S,
        ws="none",
    )


def _listening(web: config.Http) -> socket.socket:
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    try:
        return socket.create_server((web.host, web.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ServeError(f"http.listen: got {web.listen!r}; {error.strerror}") from None
