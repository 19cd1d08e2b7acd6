"""All streams and sessions of the process: who may begin, who is there, and who is ended because nothing comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from control_room.media import admission, fairness, h264, offers
from control_room.media.gathering import Addresses
from control_room.media.peers import PublisherPeer, RefusedError, ViewerPeer
from control_room.media.ring import Ring
from control_room.media.session import Session
from control_room.media.streams import Clock, Codec, Kind, Publisher, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from control_room.config import Media

log = logging.getLogger(__name__)

TEND_EVERY_S = 0.05
_REPORT_EVERY_S = 1.0
_ROUND_S_MAX = 0.5
"""For so much of a round at most nothing was heard of the others: for the rest it was this process that stood still."""
_CONNECTS_WITHIN_S = 15.0
PACKETS_S_MAX = 8000
"""Of a publisher: some 75 Mbit/s, more than any camera sends."""
_MIB = 1024 * 1024


class HubError(Exception):
    """Cannot be done; `name` is the problem's."""

    name = ""


class NoSuchStreamError(HubError):
    """Nobody publishes this stream."""

    name = "no-such-stream"


class NoSuchSessionError(HubError):
    """There is no such session, or it is over."""

    name = "no-such-session"


class AlreadyPublishedError(HubError):
    """Another publisher sends this stream; `?replace=true` takes it over."""

    name = "already-published"


class FullError(HubError):
    """One more would spoil it for the others."""

    name = "full"


class TooManyWatchedError(HubError):
    """One caller watches as many streams as one may."""

    name = "too-many-watched"


class TooManyOffersError(HubError):
    """More offers come than are looked at."""

    name = "too-many-offers"


class DirectPublisher:
    """Sends a stream by its access units, of H.264 with start codes; to be used from the event loop."""

    def __init__(self, stream: Stream, kind: Kind, codec: Codec, *, is_transcoded: bool, since: datetime) -> None:
        self._stream = stream
        self._publisher = Publisher(
            kind=kind, ask_for_key=lambda: None, codec=codec, is_transcoded=is_transcoded, since=since
        )
        stream.publish_by(self._publisher)

    @property
    def is_cut_off(self) -> bool:
        """Another has taken its place, or it was ended: what it sends goes nowhere."""
        return self._stream.publisher is not self._publisher

    def take(self, unit: bytes, timestamp: int) -> None:
        """One picture; `timestamp`: of its own clock of 90 kHz, without its turning over."""
        if self.is_cut_off:
            return
        payloads = h264.packed(h264.units_of(unit))
        if payloads:
            self._stream.add(payloads, timestamp, h264.contents(payloads))

    def end(self) -> None:
        self._stream.ended_by(self._publisher)


@dataclass(eq=False)
class Hub:
    """Used from the event loop only."""

    limits: Media
    ice_servers: list[str]
    clock: Clock = field(default_factory=Clock)
    streams: dict[str, Stream] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    load: admission.Load = field(default_factory=admission.Load)
    refused: dict[str, int] = field(default_factory=dict)
    """How often, by the problem's name."""
    told: Callable[[str, bytes], None] = lambda _stream, _content: None
    """Given what publishers send beside the video: the stream's name, and the message."""
    begun: Callable[[str], None] = lambda _stream: None
    """Called with a stream's name before the first picture of each publisher."""

    def __post_init__(self) -> None:
        self._offers = fairness.Offers(self.limits.offers_s)
        ports = self.limits.port_range
        self._addresses = Addresses(tuple(self.limits.addresses), ports, self.limits.announced)
        self._tasks: set[asyncio.Task[None]] = set()
        self._reported_s = self._tended_s = self.clock.now_s()

    async def publish(self, name: str, offer: bytes, *, replace: bool, by: str = "") -> tuple[Session, str]:
        """WHIP: the session and the answer; `by`: whose offer it is.

        Raises:
            HubError: as its class says.
            offers.OfferError: the offer cannot be read.
            offers.NoCodecError: it has no H.264.
            RefusedError: it cannot be answered.
        """
        self._count_offer(by)
        read = offers.read(offer, is_viewer=False)
        if not replace and self._is_published(name):
            raise self._refuse(AlreadyPublishedError(f"{name} is being published; ?replace=true takes it over"))
        stream = self.stream(name)
        publisher = Publisher(
            kind="whip",
            ask_for_key=lambda: peer.ask_for_key(),  # noqa: PLW0108 - the peer is made below
            makes_keys=not name.startswith("camera/"),
            since=self.clock.now(),
        )

        def take(picture: Any) -> None:
            if stream.publisher is publisher:
                stream.add(*picture)

        session_id = secrets.token_urlsafe(16)
        peer = PublisherPeer(
            self._addresses,
            self.ice_servers,
            self.clock,
            take=take,
            ended=lambda: self._end_soon(session_id, "the publisher has ended it"),
            told=lambda content: self.told(name, content),
            detections=stream.detections if name.startswith("camera/") else None,
        )
        session = Session(
            session_id=session_id,
            stream=stream,
            role="publisher",
            peer=peer,
            since=self.clock.now(),
            by=by,
            publisher=publisher,
            heard_at_s=self.clock.now_s(),
        )
        answer = await self._begin(session, read)
        await self._take_over(stream, session)
        return session, answer

    async def watch(self, name: str, offer: bytes, *, by: str = "") -> tuple[Session, str]:
        """WHEP: the session and the answer; `by`: whose offer it is.

        Raises:
            HubError: as its class says.
            offers.OfferError: the offer cannot be read.
            offers.NoCodecError: it has no H.264.
            RefusedError: it cannot be answered.
        """
        self._count_offer(by)
        stream = self.streams.get(name)
        if stream is None or stream.publisher is None:
            raise self._refuse(NoSuchStreamError(f"nobody publishes {name}"))
        profile = stream.picture.profile if stream.picture is not None else ""
        read = offers.read(offer, wanted_profile=profile, is_viewer=True)
        self._count_watched(by)
        reason = admission.refusal(self.limits, self.load, self._crowd(), stream.bits_s)
        if reason is not None:
            raise self._refuse(FullError(reason))
        peer = ViewerPeer(self._addresses, self.ice_servers, self.clock, stream)
        session = Session(
            session_id=secrets.token_urlsafe(16), stream=stream, role="viewer", peer=peer, since=self.clock.now(), by=by
        )
        return session, await self._begin(session, read)

    def publish_directly(
        self, name: str, kind: Kind, *, codec: Codec = "h264", is_transcoded: bool = False
    ) -> DirectPublisher:
        """A stream that comes by another way than WebRTC, in this process.

        Raises:
            HubError: another publishes it, or there are as many as may be.
        """
        if self._is_published(name):
            raise self._refuse(AlreadyPublishedError(f"{name} is being published"))
        publisher = DirectPublisher(self.stream(name), kind, codec, is_transcoded=is_transcoded, since=self.clock.now())
        self.begun(name)
        return publisher

    async def _begin(self, session: Session, offer: offers.Offer) -> str:
        session.peer.when_over(lambda: self._end_soon(session.session_id, "the connection is over"))
        self._make_room(session.by)
        self.sessions[session.session_id] = session
        try:
            return await session.peer.answer(offer)
        except (RefusedError, OSError):
            await self.end(session.session_id, "its offer cannot be answered")
            raise

    async def _take_over(self, stream: Stream, session: Session) -> None:
        before = [
            each
            for each in self.sessions.values()
            if each.stream is stream and each.role == "publisher" and each is not session
        ]
        if session.publisher is not None:
            stream.publish_by(session.publisher)
            self.begun(stream.name)
        for each in before:
            await self.end(each.session_id, "another publisher has taken its place")

    def _is_published(self, name: str) -> bool:
        stream = self.streams.get(name)
        return stream is not None and stream.publisher is not None

    def stream(self, name: str) -> Stream:
        """The one of that name, made where it is missing.

        Raises:
            FullError: there are as many as there may be.
        """
        found = self.streams.get(name)
        if found is None:
            if len(self.streams) >= self.limits.streams_max:
                raise self._refuse(FullError(f"{len(self.streams)} streams are there (media.streams_max)"))
            found = Stream(name, Ring(self.limits.ring_s, self.limits.ring_mib * _MIB), self.clock)
            self.streams[name] = found
        return found

    def session(self, session_id: str) -> Session:
        """Raises NoSuchSessionError."""
        try:
            return self.sessions[session_id]
        except KeyError:
            raise NoSuchSessionError(f"there is no session {session_id[:64]}") from None

    def _count_offer(self, by: str) -> None:
        if not self._offers.take(by, self.clock.now_s()):
            raise self._refuse(TooManyOffersError("more offers come than are looked at (media.offers_s)"))

    def _make_room(self, by: str) -> None:
        """An offer that nobody follows does not keep others away for as long as it is waited for."""
        making = [
            fairness.Making(session.session_id, session.by, session.peer.begun_s)
            for session in self.sessions.values()
            if session.peer.state != "connected"
        ]
        gone = fairness.to_let_go(making, by)
        session = None if gone is None else self._forget(gone, "a newer offer takes the place of one not connected yet")
        if session is not None:
            self._go_on(session.peer.close())

    def _count_watched(self, by: str) -> None:
        most = fairness.viewers_each_max(self.limits.viewers_max)
        own = sum(session.role == "viewer" and session.by == by for session in self.sessions.values())
        if by and own >= most:
            raise self._refuse(TooManyWatchedError(f"you watch {own} pictures already, as many as one may"))

    def _refuse(self, error: HubError) -> HubError:
        self.refused[error.name] = self.refused.get(error.name, 0) + 1
        return error

    def _crowd(self) -> admission.Crowd:
        viewers = [session for session in self.sessions.values() if session.role == "viewer"]
        return admission.Crowd(len(viewers), sum(session.stream.bits_s for session in viewers))

    async def end(self, session_id: str, reason: str) -> None:
        """Nothing where it is over already."""
        session = self._forget(session_id, reason)
        if session is not None:
            await session.peer.close()

    def _forget(self, session_id: str, reason: str) -> Session | None:
        """Whose connection is still to be closed."""
        session = self.sessions.pop(session_id, None)
        if session is not None:
            log.info("%s of %s ends: %s", session.role, session.stream.name, reason)
            if session.publisher is not None:
                session.stream.ended_by(session.publisher)
        return session

    def _end_soon(self, session_id: str, reason: str) -> None:
        if session_id in self.sessions:
            self._go_on(self.end(session_id, reason))

    def _go_on(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def cut_off(self, name: str) -> None:
        """End the stream with all its sessions, and forget its pictures.

        Raises:
            NoSuchStreamError: there is none.
        """
        stream = self.streams.pop(name, None)
        if stream is None:
            raise NoSuchStreamError(f"there is no stream {name}")
        stream.publisher = None
        for session in [each for each in self.sessions.values() if each.stream is stream]:
            await self.end(session.session_id, "the stream was cut off")

    async def run(self) -> None:
        """Until cancelled: looks after everything."""
        due_s = self.clock.now_s() + TEND_EVERY_S
        while True:
            await asyncio.sleep(max(0.0, due_s - self.clock.now_s()))
            now_s = self.clock.now_s()
            self.load.beat(now_s, now_s - due_s)
            due_s = max(due_s, now_s - TEND_EVERY_S) + TEND_EVERY_S
            with contextlib.suppress(ConnectionError):
                await self.tend()

    async def tend(self) -> None:
        """One round."""
        now_s = self.clock.now_s()
        listened_s, self._tended_s = min(now_s - self._tended_s, _ROUND_S_MAX), now_s
        passed_s = now_s - self._reported_s
        is_report = passed_s >= _REPORT_EVERY_S
        if is_report:
            self._reported_s = now_s
        for session in list(self.sessions.values()):
            session.listen(now_s, listened_s)
            reason = self._why_over(session, now_s)
            if reason is not None:
                self._end_soon(session.session_id, reason)
            elif isinstance(session.peer, PublisherPeer):
                await session.peer.tend()
                session.stream.dropped = session.peer.dropped_pictures
                if session.peer.is_broken:
                    session.stream.want_key()
            elif is_report:
                session.peer.report(passed_s)
        for stream in list(self.streams.values()):
            stream.tend()
            if stream.publisher is None and stream.silent_s > self.limits.ring_s and not self._is_used(stream):
                self.streams.pop(stream.name, None)

    def _is_used(self, stream: Stream) -> bool:
        return any(session.stream is stream and session.role == "publisher" for session in self.sessions.values())

    def _why_over(self, session: Session, now_s: float) -> str | None:
        peer = session.peer
        if peer.state != "connected":
            return "it did not connect" if session.quiet_s > _CONNECTS_WITHIN_S else None
        if isinstance(peer, PublisherPeer):
            if session.quiet_s > self.limits.silent_publisher_s:
                return "it sends nothing"
            return self._why_too_much(session, peer.packets, now_s)
        if session.quiet_s > self.limits.silent_viewer_s:
            return "nothing is heard of it"
        if session.stream.publisher is None and session.stream.silent_s > self.limits.ring_s:
            return "its stream has ended"
        return None

    def _why_too_much(self, session: Session, packets: int, now_s: float) -> str | None:
        before, at_s = session.counted_from
        if now_s - at_s < _REPORT_EVERY_S:
            return None
        session.counted_from = packets, now_s
        if before and (packets - before) / (now_s - at_s) > PACKETS_S_MAX:
            return f"it sends more than {PACKETS_S_MAX} packets a second"
        return None

    async def close(self) -> None:
        """End everything."""
        for session_id in list(self.sessions):
            await self.end(session_id, "the process stops")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
