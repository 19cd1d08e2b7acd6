"""One stream on its way to the room, for as long as the room wants it: connected, lost, and connected again."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from edge.live.lines import Lines
from edge.live.peer import Peer
from edge.live.whip import WhipError
from wire.device import LiveStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock
    from edge.live.feed import Feed
    from edge.live.outlet import Outlet
    from edge.live.recoding import Recoding
    from edge.live.sightings import Seen, Sighting
    from edge.live.whip import RoomDoor
    from wire.live import StartLive

log = logging.getLogger(__name__)

_AGAIN_FIRST_S, _AGAIN_LONGEST_S = 0.5, 10.0
_LOOK_EVERY_S = 1.0
_UNHEARD_S = 8.0
"""The room reports every second what it gets; ICE alone notices only after half a minute that nobody is there."""
_LOOK_FOR_PICTURES_EVERY_S = 0.2
_NO_PICTURES = "no pictures come from the camera"
_KEY_AGAIN_S = 2.0
_KEY_AGAIN_BYTES = 1024 * 1024
_TROUBLE_LENGTH_MAX = 300


class Publication:
    """Use it on one event loop; `stream` may be asked for from anywhere."""

    def __init__(
        self,
        wanted: StartLive,
        *,
        feed: Feed,
        door: Callable[[], RoomDoor],
        clock: Clock,
        changed: Callable[[], None],
    ) -> None:
        self.wanted = wanted
        self.feed = feed
        self.outlet: Outlet | None = None
        self.recoding: Recoding | None = None
        """What codes it again, where something must."""
        self.transcoded = ""
        self._seen: Seen | None = None
        self._lines: Lines | None = None
        """Of the connection, while the room wants them."""
        self.keys_refused = 0
        """Requests for a key frame that could not be answered before the camera's next one."""
        self._door = door
        self._clock = clock
        self._changed = changed
        self._live = False
        self._since = clock.now()
        self._trouble = ""
        self._ended = False
        self._wake = asyncio.Event()
        self._key_given_s = float("-inf")

    @property
    def stream(self) -> LiveStream:
        """For the status."""
        return LiveStream(
            stream=self.wanted.stream,
            state="live" if self._live else "connecting",
            since=self._since,
            transcoded=self.transcoded,
            trouble=self._trouble,
        )

    def renew(self, wanted: StartLive) -> None:
        """Go on longer, and where it is not connected, try at once with what is given now."""
        self.wanted = wanted
        if not self._live:
            self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    def attach(
        self, outlet: Outlet | None, recoding: Recoding | None, transcoded: str, seen: Seen | None = None
    ) -> None:
        """Take the pictures, and what is seen in them, from there from now on."""
        self._look_through(seen)
        if (outlet, recoding, transcoded) == (self.outlet, self.recoding, self.transcoded):
            return
        self._leave()
        self.outlet, self.recoding, self.transcoded = outlet, recoding, transcoded
        if self._live:
            self._join()
        self._changed()

    @property
    def is_live(self) -> bool:
        return self._live

    @property
    def has_ended(self) -> bool:
        """It cannot be wanted any longer, only another one."""
        return self._ended

    async def run(self) -> None:
        try:
            await self._run()
        finally:
            self._ended = True

    async def _run(self) -> None:
        again_s = _AGAIN_FIRST_S
        while not self._is_over():
            if not self._has_pictures:  # the room would end a connection on which nothing comes, again and again
                if self._trouble != _NO_PICTURES:
                    self._become(live=False, trouble=_NO_PICTURES)
                await self._pause(_LOOK_FOR_PICTURES_EVERY_S)
                continue
            sent_bytes = self.feed.taken_bytes
            try:
                await self._publish()
            except WhipError as error:
                self._become(live=False, trouble=str(error))
                log.warning("%s: live video: %s", self.wanted.camera_id, error)
                if self.feed.taken_bytes > sent_bytes:
                    again_s = _AGAIN_FIRST_S  # it had come about
                await self._pause(error.after_s or again_s)
                again_s = min(2 * again_s, _AGAIN_LONGEST_S)
            except Exception as error:  # aiortc's own faults share no base; the next connection may be better
                log.exception("%s: live video: unexpected fault", self.wanted.camera_id)
                self._become(live=False, trouble=f"internal fault: {type(error).__name__}")
                await self._pause(_AGAIN_LONGEST_S)
            else:
                again_s = _AGAIN_FIRST_S

    @property
    def _has_pictures(self) -> bool:
        """What codes them again has none until its first one is coded, which need not be waited for."""
        return self.outlet is not None and (self.recoding is not None or self.outlet.facts is not None)

    def _is_over(self) -> bool:
        return self._ended or self._clock.now() >= self.wanted.until

    async def _publish(self) -> None:
        """Until it is over.

        Raises:
            WhipError: it does not come about, or breaks off.
        """
        door = self._door()
        servers = self.wanted.ice_servers
        peer = Peer(self.feed, self._clock, servers, here=door.is_here, key_wanted=self._give_key)
        lines = Lines(
            asyncio.get_running_loop(),
            peer.channel,
            partial(self._timestamp, peer),
            lambda wanted: self._show(lines, wanted),
        )
        session = None
        try:
            accepted = await door.offer(self.wanted.whip_url, self.wanted.token, await peer.offer())
            session = accepted.session
            await peer.connect(accepted)
            self._become(live=True, trouble="")
            self._join()
            await self._watch(peer)
        finally:
            self._show(lines, wanted=False)
            self._leave()
            self._live = False
            try:
                if session is not None:
                    await door.end(session, self.wanted.token)
            finally:  # also where the agent ends and does not wait for the room
                await peer.close()
                await door.close()

    async def _watch(self, peer: Peer) -> None:
        heard, sent_bytes, unheard_s = await peer.heard_packets(), 0, self._clock.monotonic_s()
        while not self._is_over():
            await self._pause(_LOOK_EVERY_S)
            if peer.is_over:
                raise WhipError("the connection to the room broke off")
            now_s, heard_now = self._clock.monotonic_s(), await peer.heard_packets()
            if heard_now != heard or self.feed.taken_bytes == sent_bytes:
                unheard_s = now_s
            heard, sent_bytes = heard_now, self.feed.taken_bytes
            if now_s - unheard_s > _UNHEARD_S:
                raise WhipError("the room's media does not answer any more")

    async def _pause(self, seconds: float) -> None:
        left_s = (self.wanted.until - self._clock.now()).total_seconds()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(0.0, min(seconds, left_s)))
        if not self._ended:
            self._wake.clear()

    def _give_key(self) -> None:
        """The room lost something: the group again from its key frame on, or a fresh key frame where we code."""
        if self.recoding is not None:
            self.recoding.key_wanted()
            return
        now_s = self._clock.monotonic_s()
        if self.outlet is None or now_s - self._key_given_s < _KEY_AGAIN_S:
            return
        self._key_given_s = now_s
        self.feed.clear()
        if not self.outlet.again(self.feed, _KEY_AGAIN_BYTES):
            self.keys_refused += 1
            log.info("%s: a key frame was asked for; the camera's next one will be it", self.wanted.camera_id)

    def _show(self, lines: Lines, wanted: bool) -> None:  # noqa: FBT001 - the room's word
        """The room wants to be told what is seen, or no more."""
        seen = self._seen
        if seen is not None and self._lines is not None:
            seen.sightings.leave(self._lines)
        self._lines = lines if wanted else None
        if seen is not None and self._lines is not None:
            seen.sightings.join(self._lines)

    def _look_through(self, seen: Seen | None) -> None:
        if seen == self._seen:
            return
        lines = self._lines
        if lines is not None:
            self._show(lines, wanted=False)
        self._seen = seen
        if lines is not None:
            self._show(lines, wanted=True)

    def _timestamp(self, peer: Peer, sighting: Sighting) -> int | None:
        return None if self._seen is None else peer.timestamp(sighting, by_media_time=self._seen.by_media_time)

    def _join(self) -> None:
        self.feed.clear()
        if self.outlet is not None:
            self.outlet.join(self.feed)

    def _leave(self) -> None:
        if self.outlet is not None:
            self.outlet.leave(self.feed)
        self.feed.clear()

    def _become(self, *, live: bool, trouble: str) -> None:
        if live != self._live:
            self._since = self._clock.now()
        self._live, self._trouble = live, trouble[:_TROUBLE_LENGTH_MAX]
        self._changed()
