"""A room for live video: takes WHIP over HTTP on this computer and decodes what comes, as aiortc's receiver does."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from tests.edge.broker import free_port

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass
class Session:
    """One publication, as it came."""

    path: str
    authorization: str
    token: str
    images: list[NDArray[np.uint8]] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    """Of RTP, in ticks."""
    first_timestamp: int | None = None
    """Of RTP as it was sent, of the first picture."""
    lines: list[str] = field(default_factory=list)
    """What came beside the pictures."""
    channel: RTCDataChannel | None = None
    ended: bool = False
    """By the sender's own word."""
    connection: RTCPeerConnection | None = None


class WhipRoom:
    """Answers with the next of `answers`, then with 201; may go away and come back on the same port."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.sessions: list[Session] = []
        self.refused: list[str] = []
        """Paths that were asked for in vain."""
        self._connections: list[RTCPeerConnection] = []
        self._port = free_port()
        self._loop = asyncio.new_event_loop()
        self._media = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._media.start()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def images(self) -> list[NDArray[np.uint8]]:
        return [image for session in self.sessions for image in session.images]

    def __enter__(self) -> Self:
        self.come()
        return self

    def __exit__(self, *_: object) -> None:
        self.go()
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._media.join(60)
        self._loop.close()

    def come(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self))
        self._server.daemon_threads = False  # nobody is still being answered once it is closed
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def go(self) -> None:
        """As a room that is killed: nobody is told anything."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.run(self._close_all())

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    async def take(self, session: Session, offer: str) -> str:
        connection = session.connection = RTCPeerConnection()
        self._connections.append(connection)

        @connection.on("track")
        def on_track(track: Any) -> None:
            session_task = asyncio.ensure_future(self._receive(session, track))
            session_task.add_done_callback(lambda task: task.cancelled() or task.exception())

        @connection.on("datachannel")
        def on_channel(channel: RTCDataChannel) -> None:
            session.channel = channel
            channel.on("message", session.lines.append)

        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        _note_first(session, connection.getReceivers()[0])
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)

    def want(self, session: Session, *, wanted: bool) -> None:
        """Say whether what is seen is to be told."""
        assert session.channel is not None
        self._loop.call_soon_threadsafe(session.channel.send, f'{{"wanted":{str(wanted).lower()}}}')

    async def ask_for_key_frame(self, session: Session) -> None:
        assert session.connection is not None
        receiver = session.connection.getReceivers()[0]
        (source,) = receiver.getSynchronizationSources()
        await receiver._send_rtcp_pli(source.source)

    async def _receive(self, session: Session, track: Any) -> None:
        try:
            while True:
                frame = await track.recv()
                session.stamps.append(frame.pts)
                session.images.append(frame.to_ndarray(format="bgr24"))
        except MediaStreamError:
            return

    async def _end(self) -> None:
        """Nothing is left that would speak up once the loop is closed."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _close_all(self) -> None:
        for connection in self._connections:
            await connection.close()


def _note_first(session: Session, receiver: Any) -> None:
    take = receiver._handle_rtp_packet

    async def note(packet: Any, arrival_time_ms: int) -> None:
        if session.first_timestamp is None:
            session.first_timestamp = packet.timestamp
        await take(packet, arrival_time_ms)

    receiver._handle_rtp_packet = note


def _handler(room: WhipRoom) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30.0

        def do_POST(self) -> None:
            offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = room.answers.pop(0) if room.answers else 201
            if status != 201:
                room.refused.append(self.path)
                self._say(status, b"")
                return
            session = Session(self.path, self.headers["Authorization"], self.headers["Talaia-Live-Token"])
            answer = room.run(room.take(session, offer))
            room.sessions.append(session)
            self._say(201, answer.encode(), f"/sessions/{len(room.sessions) - 1}")

        def do_DELETE(self) -> None:
            room.sessions[int(self.path.rpartition("/")[2])].ended = True
            self._say(200, b"")

        def do_GET(self) -> None:
            self._say(200, b"")

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say(201, b"")

        def _say(self, status: int, body: bytes, location: str | None = None) -> None:
            self.send_response(status)
            if location is not None:
                self.send_header("Location", location)
            self.send_header("Content-Type", "application/sdp")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
