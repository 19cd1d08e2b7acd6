"""Takes what drones' remote controls, OBS and FFmpeg send by RTMP: one port for all, a key for each.

FFmpeg itself can listen, but it takes any key and one publisher a port (ADR 0016).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from control_room.media import amf
from control_room.media import rtmp_chunks as chunks
from control_room.media.arriving import RefusedError, Taker
from control_room.media.flv import NoUsableCodecError, Tags
from control_room.media.rtmp_chunks import Chunks, GarbageError, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_room.media.arriving import Opener

APPLICATION = "live"
_HANDSHAKE_BYTES = 1536
_VERSION = 3
_CONNECTIONS_MOST = 64
_STRANGERS_MOST = 16
"""Connections that have shown no key yet."""
_WINDOW_BYTES = 2_500_000
_OUR_CHUNK_BYTES = 4096
_SHOWS_ITS_KEY_WITHIN_S = 10.0
_CONTROL, _COMMANDS = 2, 3
_TICKS_A_MS = 90
_WRAPS_MS = 1 << 32
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Listener:
    """Who may publish what, and what became of those who tried."""

    open_stream: Opener
    silent_s: float = 10.0
    """A publisher that sends nothing for so long is ended."""
    keys: dict[str, bytes] = field(default_factory=dict)
    """Stream -> SHA-256 of the key of its publisher."""
    refused: Counter[str] = field(default_factory=Counter)
    """Why, such as `wrong-key`."""
    connections: set[Publisher] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> int:
        """The port that it is. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Publisher(self), host, port)
        return cast("int", self._server.sockets[0].getsockname()[1])

    def allow(self, stream: str, key_sha256: bytes) -> None:
        """From now on; who publishes it under another key is cut off."""
        if self.keys.get(stream) != key_sha256:
            self.forbid(stream)
            self.keys[stream] = key_sha256

    def forbid(self, stream: str) -> None:
        self.keys.pop(stream, None)
        for connection in list(self.connections):
            if connection.stream == stream:
                connection.cut("its key is not valid any more")

    def stream_of(self, key: str) -> str | None:
        """Each known key is looked at, in the same time whether it is the one or not."""
        shown = hashlib.sha256(key.encode()).digest()
        found = None
        for stream, known in self.keys.items():
            if hmac.compare_digest(shown, known):
                found = stream
        return found

    async def close(self) -> None:
        for connection in list(self.connections):
            connection.cut("the room stops")
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


class Publisher(asyncio.Protocol):
    """One connection."""

    def __init__(self, listener: Listener) -> None:
        self.stream: str | None = None
        """Which it may publish, once it has shown the key."""
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._greeting = bytearray()
        self._has_greeted = False
        self._chunks = Chunks()
        self._tags = Tags()
        self._taker: Taker | None = None
        self._received_bytes = self._confirmed_bytes = 0
        self._last_ms = self._rounds = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ended = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        strangers = sum(other.stream is None for other in self._listener.connections)
        self._listener.connections.add(self)
        if len(self._listener.connections) > _CONNECTIONS_MOST or strangers >= _STRANGERS_MOST:
            self._refuse("full", "too many connections")
        else:
            self._wait(_SHOWS_ITS_KEY_WITHIN_S)

    def connection_lost(self, exception: Exception | None) -> None:
        self._listener.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._taker is not None:
            self._taker.end(self._ended or ("the connection broke" if exception else ""))
            self._taker = None

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        try:
            self._received(data)
        except NoUsableCodecError as error:
            self._refuse("no-usable-codec", str(error))
        except (GarbageError, amf.NotationError) as error:
            self._refuse("garbage", f"it sends garbage: {error}")
        except RefusedError as error:
            self._refuse("refused", str(error))

    def cut(self, why: str) -> None:
        self._ended = self._ended or why
        if self._transport is not None:
            self._transport.abort()

    def _refuse(self, name: str, why: str) -> None:
        self._listener.refused[name] += 1
        _log.warning("RTMP from %s: %s", self._address(), why)
        self._ended = why
        if self._transport is not None:
            self._transport.close()  # what was answered still goes out

    def _address(self) -> str:
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(peer[0]) if peer else "?"

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._is_silent, self._received_bytes)

    def _is_silent(self, received_bytes: int) -> None:
        if self.stream is None:
            self._refuse("no-key", "it has shown no key in time")
        elif self._received_bytes == received_bytes:
            self.cut("it stopped sending")
        else:
            self._wait(self._listener.silent_s)

    def _received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        if not self._has_greeted:
            data = self._greet(data)
        for message in self._chunks.feed(data) if data else ():
            if message.kind == chunks.VIDEO:
                self._picture(message)
            elif message.kind == chunks.COMMAND:
                self._command(message)
            if self._ended:
                return
        if self._received_bytes - self._confirmed_bytes >= _WINDOW_BYTES:
            self._confirmed_bytes = self._received_bytes
            self._control(3, struct.pack(">I", self._received_bytes % _WRAPS_MS))

    def _greet(self, data: bytes) -> bytes:
        """What comes behind the handshake: C0 and C1, then C2."""
        self._greeting += data
        if self._greeting[:1] != bytes([_VERSION]):
            raise GarbageError("no RTMP")
        whole = 1 + _HANDSHAKE_BYTES
        before = len(self._greeting) - len(data)
        if before < whole <= len(self._greeting):
            ours = struct.pack(">II", 0, 0) + os.urandom(_HANDSHAKE_BYTES - 8)
            self._send(bytes([_VERSION]) + ours + self._greeting[1:whole])
        if len(self._greeting) < whole + _HANDSHAKE_BYTES:
            return b""
        self._has_greeted = True
        rest = bytes(self._greeting[whole + _HANDSHAKE_BYTES :])
        self._greeting.clear()
        return rest

    def _command(self, message: Message) -> None:
        values = amf.read(message.body)
        name = values[0] if values else None
        number = values[1] if len(values) > 1 and isinstance(values[1], int | float) else 0.0
        match name:
            case "connect":
                self._connect(number, values[2] if len(values) > 2 else None)  # noqa: PLR2004 - its third
            case "createStream":
                self._answer("_result", number, None, 1.0)
            case "releaseStream" | "FCPublish" | "getStreamLength":
                self._answer("_result", number, None)
            case "publish":
                self._publish(values[3] if len(values) > 3 else None)  # noqa: PLR2004 - its fourth
            case "play" | "play2":
                self._refuse("no-publisher", "it wants to watch")
            case "FCUnpublish" | "deleteStream" | "closeStream" if self._taker is not None:
                self._taker.end("")
                self._taker = None
                self.cut("it stopped")

    def _connect(self, number: float, wanted: amf.Value) -> None:
        application = wanted.get("app") if isinstance(wanted, dict) else None
        if not isinstance(application, str) or application.strip("/") != APPLICATION:
            rejected = {"level": "error", "code": "NetConnection.Connect.Rejected"}
            self._answer("_error", number, None, rejected)
            self._refuse("wrong-path", f"the path must be rtmp://HOST/{APPLICATION}/KEY")
            return
        self._control(5, struct.pack(">I", _WINDOW_BYTES))
        self._control(6, struct.pack(">IB", _WINDOW_BYTES, 2))
        self._control(chunks.SET_CHUNK_SIZE, struct.pack(">I", _OUR_CHUNK_BYTES))
        status: dict[str, float | str] = {"level": "status", "code": "NetConnection.Connect.Success"}
        status["objectEncoding"] = 0.0
        self._answer("_result", number, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}, status)

    def _publish(self, key: amf.Value) -> None:
        stream = self._listener.stream_of(key) if isinstance(key, str) else None
        if stream is None or self.stream is not None:
            status = {"level": "error", "code": "NetStream.Publish.BadName", "description": "this key is not valid"}
            self._answer("onStatus", 0.0, None, status, stream=1)
            self._refuse("wrong-key", "it has shown a wrong key")
            return
        self.stream = stream
        self._chunks.message_bytes_most = chunks.MESSAGE_BYTES_MOST
        self._control(4, struct.pack(">HI", 0, 1))
        status = {"level": "status", "code": "NetStream.Publish.Start", "description": ""}
        self._answer("onStatus", 0.0, None, status, stream=1)
        self._wait(self._listener.silent_s)

    def _picture(self, message: Message) -> None:
        if self.stream is None:
            raise GarbageError("pictures before a key was shown")
        unit = self._tags.take(message.body)
        if unit is None or self._tags.codec is None:
            return
        if self._taker is None:
            if not unit.key:
                return
            self._taker = self._listener.open_stream(self.stream, self._tags.codec)
        shown_ms = self._unwrapped(message.time_ms) + unit.delay_ms
        self._taker.take(unit.data, shown_ticks=shown_ms * _TICKS_A_MS, key=unit.key)

    def _unwrapped(self, time_ms: int) -> int:
        if time_ms < self._last_ms - _WRAPS_MS // 2:
            self._rounds += 1
        self._last_ms = time_ms
        return self._rounds * _WRAPS_MS + time_ms

    def _answer(
        self, name: str, number: float, *values: float | str | Mapping[str, float | str] | None, stream: int = 0
    ) -> None:
        body = amf.write(name, number, *values)
        self._send(chunks.written(chunks.COMMAND, body, number=_COMMANDS, stream=stream, chunk_bytes=_OUR_CHUNK_BYTES))

    def _control(self, kind: int, body: bytes) -> None:
        self._send(chunks.written(kind, body, number=_CONTROL))

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
