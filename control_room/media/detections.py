"""What an agent sees in its camera's pictures, passed on to the viewers who asked for it; kept is the newest alone.

A line comes with the RTP timestamp of its picture in the agent's video, and goes out with the timestamp that this
picture has in each viewer's own. So a page can draw it on the picture it belongs to, whatever the way took.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pydantic import ValidationError

from control_room.media.admission import Tokens
from wire.live import DETECTIONS_BYTES_MAX, Detections, WantDetections

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiortc import RTCDataChannel

LINES_S_MAX = 20.0
"""Of one publisher; more are counted and let go of."""
_FRESH_S = 1.0
"""An older line is told to nobody who has just come."""
_WORDS_S_MAX, _WORDS_AT_ONCE = 2.0, 20.0
"""Of one viewer: whether it wants lines."""


class Publisher(Protocol):
    """Sends lines while they are wanted."""

    def want(self, wanted: bool) -> None: ...  # noqa: FBT001 - what is said


class Viewer(Protocol):
    """Takes lines."""

    def show(self, seen: Seen) -> None: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """One line."""

    timestamp: int
    """Of its picture, of the stream."""
    rest: str
    """What follows the timestamp in JSON: the same for all viewers."""
    came_s: float


class Passing:
    """Of one stream."""

    def __init__(self, timestamp_of: Callable[[int], int | None], now_s: Callable[[], float]) -> None:
        """`timestamp_of`: the stream's, by the publisher's; None: of no picture that has come lately."""
        self.lines = self.refused = 0
        self._timestamp_of, self._now_s = timestamp_of, now_s
        self._publisher: Publisher | None = None
        self._viewers: set[Viewer] = set()
        self._newest: Seen | None = None
        self._tokens = Tokens(LINES_S_MAX, 2 * LINES_S_MAX)

    def begin(self, publisher: Publisher) -> None:
        """It takes the place of one that was there."""
        self._publisher, self._newest = publisher, None
        if self._viewers:
            publisher.want(wanted=True)

    def end(self, publisher: Publisher) -> None:
        if self._publisher is publisher:
            self._publisher = self._newest = None

    def take(self, publisher: Publisher, content: str | bytes) -> None:
        """What a publisher says; garbage is counted."""
        if self._publisher is not publisher or not self._viewers:
            return
        seen = self._read(content)
        if seen is None:
            self.refused += 1
            return
        self.lines += 1
        if self._newest is not None and seen.timestamp < self._newest.timestamp:
            return
        self._newest = seen
        for viewer in tuple(self._viewers):
            viewer.show(seen)

    def _read(self, content: str | bytes) -> Seen | None:
        now_s = self._now_s()
        if not self._tokens.take(now_s) or len(content) > DETECTIONS_BYTES_MAX:
            return None
        try:
            line = Detections.model_validate_json(content, strict=True)
        except ValidationError:
            return None
        timestamp = self._timestamp_of(line.rtp_timestamp)
        if timestamp is None:
            return None
        return Seen(timestamp, line.model_dump_json(exclude={"rtp_timestamp"}).removeprefix("{"), now_s)

    def join(self, viewer: Viewer) -> None:
        if not self._viewers and self._publisher is not None:
            self._publisher.want(wanted=True)
        self._viewers.add(viewer)
        if self._newest is not None and self._now_s() - self._newest.came_s < _FRESH_S:
            viewer.show(self._newest)

    def leave(self, viewer: Viewer) -> None:
        was_watched = bool(self._viewers)
        self._viewers.discard(viewer)
        if was_watched and not self._viewers:
            self._newest = None
            if self._publisher is not None:
                self._publisher.want(wanted=False)


class FromPublisher:
    """A publisher's channel."""

    def __init__(self, channel: RTCDataChannel, passing: Passing) -> None:
        self._channel, self._passing = channel, passing
        channel.on("message", self._hear)
        channel.on("close", self.end)
        passing.begin(self)

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - what is said
        if self._channel.readyState == "open":
            self._channel.send(WantDetections(wanted=wanted).model_dump_json())

    def end(self) -> None:
        self._passing.end(self)

    def _hear(self, content: str | bytes) -> None:
        self._passing.take(self, content)


class ToViewer:
    """A viewer's channel; where it does not take a line yet, a newer one takes its place."""

    def __init__(
        self, channel: RTCDataChannel, passing: Passing, timestamp_of: Callable[[int], int], now_s: Callable[[], float]
    ) -> None:
        """`timestamp_of`: of RTP as this viewer gets it, by the stream's."""
        self._channel, self._passing, self._timestamp_of, self._now_s = channel, passing, timestamp_of, now_s
        self._waiting: Seen | None = None
        self._words = Tokens(_WORDS_S_MAX, _WORDS_AT_ONCE)
        channel.on("message", self._hear)
        channel.on("bufferedamountlow", self._send)
        channel.on("close", self.end)
        passing.join(self)

    def show(self, seen: Seen) -> None:
        self._waiting = seen
        self._send()

    def end(self) -> None:
        self._waiting = None
        self._passing.leave(self)

    def _send(self) -> None:
        seen = self._waiting
        if seen is None or self._channel.readyState != "open" or self._channel.bufferedAmount:
            return
        self._waiting = None
        self._channel.send(f'{{"rtp_timestamp":{self._timestamp_of(seen.timestamp)},{seen.rest}')

    def _hear(self, said: str | bytes) -> None:
        """It may look elsewhere for a while, and want none."""
        if not self._words.take(self._now_s()):
            return
        wanted = WantDetections.heard(said)
        if wanted:
            self._passing.join(self)
        elif wanted is not None:
            self.end()
