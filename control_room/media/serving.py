"""`talaia-room media`: the process with the streams, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from urllib.parse import urlsplit

import uvicorn

from control_room import config
from control_room.media import input_routes, inputs, routes
from control_room.media.hub import Hub
from running.watchdog import Watchdog

log = logging.getLogger(__name__)

SECRET_CHARACTERS_MIN = 16
_STOP_WITHIN_S = 3
_BEAT_S = 0.2


class MediaError(Exception):
    """It cannot begin; one line."""


class _Server(uvicorn.Server):
    """Leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def] # noqa: ANN202 - uvicorn's
        yield


def secret_of(settings: config.Live) -> str:
    """By which the room's processes are known.

    Raises:
        config.ConfigError: there is none, or it is too short.
    """
    secret = settings.secret.get_secret_value()
    if not secret and not settings.secret_file:
        raise config.ConfigError("live.secret_file: got ''; allowed: a file that holds the secret of live video")
    if len(secret) < SECRET_CHARACTERS_MIN:
        raise config.ConfigError(
            f"live.secret: got {len(secret)} characters; allowed: {SECRET_CHARACTERS_MIN} or more, without spaces"
        )
    return secret


def serve(settings: config.Settings) -> None:
    """Until SIGTERM or SIGINT.

    Raises:
        config.ConfigError: there is no secret.
        MediaError: the address cannot be listened on.
    """
    secret = secret_of(settings.live)
    for talkative in ("aioice", "aiortc", "uvicorn.error"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    asyncio.run(_serve(settings, secret))


async def _serve(settings: config.Settings, secret: str) -> None:
    media = Hub(settings.media, settings.live.ice_servers)
    sources = inputs.Inputs(media, settings.media, settings.store.directory / "live")
    try:
        await sources.start()
    except OSError as error:
        raise MediaError(f"media.rtmp_listen: {settings.media.rtmp_listen or 'recordings'}: {error.strerror}") from None
    place = urlsplit(settings.live.builtin_url)
    server = _Server(
        uvicorn.Config(
            routes.make_app(media, secret, input_routes.routes(sources)),
            host=place.hostname or "127.0.0.1",
            port=place.port or 80,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
            lifespan="off",
        )
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watchdog = Watchdog()
    listening = asyncio.create_task(_listen(server))
    tending = asyncio.create_task(media.run())
    beating = asyncio.create_task(_beat(server, media, watchdog))
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({listening, tending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        watchdog.stopping()
        tending.cancel()
        beating.cancel()
        stopping.cancel()
        await sources.close()
        await media.close()
        server.should_exit = True
        await asyncio.gather(listening, tending, beating, stopping, return_exceptions=True)


async def _listen(server: _Server) -> None:
    try:
        await server.serve()
    except SystemExit:
        raise MediaError(f"live.builtin_url: {server.config.host}:{server.config.port} cannot be listened on") from None


async def _beat(server: _Server, media: Hub, watchdog: Watchdog) -> None:
    is_ready = False
    while True:
        if server.started and not is_ready:
            is_ready = True
            log.info("streams are taken on %s:%s", server.config.host, server.config.port)
            watchdog.ready()
        viewers = sum(session.role == "viewer" for session in media.sessions.values())
        watchdog.turn(lambda viewers=viewers: f"{len(media.streams)} streams, {viewers} viewers")  # type: ignore[misc]
        await asyncio.sleep(_BEAT_S)
