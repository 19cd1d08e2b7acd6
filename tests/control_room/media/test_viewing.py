"""What one viewer is sent and when it is to show it; a slow one skips, and delays nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from control_room.media.ring import Frame, Ring
from control_room.media.streams import Clock, Publisher, Stream
from control_room.media.viewing import BURST_PACKETS, Feed
from tests.control_room.media import media_process

HZ = 90_000


@dataclass
class World:
    """A stream, whose time the test tells."""

    now_s: float = 1000.0
    keys_asked: int = 0
    later: list[Callable[[], None]] = field(default_factory=list)
    waiting_bytes: int = 0
    sent: list[tuple[Frame, int]] = field(default_factory=list)
    """Pictures whose last packet has gone."""
    packets_at_once: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = Clock(now_s=lambda: self.now_s)
        self.stream = Stream("camera/box/plaza", Ring(75.0, 2**26), self.clock)
        self.stream.publish_by(Publisher(kind="whip", ask_for_key=self._asked))
        self.feed = Feed(self.stream, self, self.clock, lambda _, call: self.later.append(call))
        self.theirs = 500_000

    def _asked(self) -> None:
        self.keys_asked += 1

    def send(self, frame: Frame, timestamp: int, begin: int, end: int) -> None:
        self.packets_at_once[-1:] = [self.packets_at_once[-1] + end - begin] if self.packets_at_once else [end - begin]
        if end == len(frame.payloads):
            self.sent.append((frame, timestamp))

    def pictures(self, count: int, *, first: int = 0, arrive_every_s: float = 0.04) -> None:
        """The publisher's next ones."""
        for index in range(first, first + count):
            payloads, contents = media_process.units(media_process.clip()[index % 50])
            self.stream.add(payloads, self.theirs, contents)
            self.theirs += 3600
            self.now_s += arrive_every_s

    def watch(self) -> None:
        self.stream.watchers.add(self.feed)
        self.feed.start()

    def go_on(self) -> None:
        """What waits goes out, in its portions."""
        while self.later:
            self.packets_at_once.append(0)
            self.now_s += 0.002
            self.later.pop(0)()


@pytest.fixture
def world() -> World:
    return World()


def test_the_cached_group_goes_out_in_portions_and_is_to_be_shown_at_once(world: World) -> None:
    world.pictures(40)
    began_s = world.now_s
    world.watch()
    world.go_on()
    assert len(world.sent) == 40
    assert world.sent[0][0].is_key
    assert max(world.packets_at_once) <= BURST_PACKETS
    spread_s = (world.sent[-2][1] - world.sent[0][1]) / HZ
    assert spread_s <= world.now_s - began_s + 0.001
    assert abs(world.sent[-1][1] / HZ - world.now_s) < 0.1
    timestamps = [timestamp for _, timestamp in world.sent]
    assert sorted(set(timestamps)) == timestamps


def test_a_group_of_before_the_source_stood_still_is_not_sent_as_if_it_were_now(world: World) -> None:
    world.pictures(40)
    world.now_s += 2.5
    world.watch()
    world.feed.lost_picture()
    world.go_on()
    assert world.sent == []
    world.pictures(20, first=40)
    world.go_on()
    assert [frame.is_key for frame, _ in world.sent] == [True] + [False] * 9, "it begins at the next key picture"


def test_later_pictures_keep_the_pace_of_the_source_and_are_never_ahead(world: World) -> None:
    world.pictures(10)
    world.watch()
    world.go_on()
    world.pictures(30, first=10)
    steps = {later[1] - sooner[1] for sooner, later in zip(world.sent[12:], world.sent[13:], strict=False)}
    assert steps == {3600}
    assert all(timestamp <= world.now_s * HZ for _, timestamp in world.sent)


def test_a_source_that_begins_with_a_burst_is_not_held_back(world: World) -> None:
    """An RTSP camera's first pictures come at once, some of them seconds old; then they come in time."""
    world.watch()
    world.pictures(25, arrive_every_s=0.001)
    world.go_on()
    world.pictures(20, first=25)
    last, timestamp = world.sent[-1]
    assert last.arrived_s - timestamp / HZ < 0.05
    assert all(stamp <= frame.arrived_s * HZ + 25 for frame, stamp in world.sent)


def test_a_slow_viewer_skips_to_the_next_key_picture_and_asks_for_it(world: World) -> None:
    world.pictures(10)
    world.watch()
    world.go_on()
    asked = world.keys_asked
    world.now_s += 5
    world.waiting_bytes = 50 * 2**20
    world.pictures(20, first=10)
    assert world.feed.dropped > 0
    assert world.keys_asked > asked
    world.waiting_bytes = 0
    before = len(world.sent)
    world.pictures(10, first=30)
    assert len(world.sent) == before
    world.pictures(5, first=0)
    world.go_on()
    assert [frame.is_key for frame, _ in world.sent[before:]] == [True, False, False, False, False]


def test_a_viewer_that_lost_its_picture_is_answered_from_the_cache_and_the_publisher_is_asked(world: World) -> None:
    world.pictures(60)
    world.watch()
    world.go_on()
    world.now_s += 2
    world.pictures(50, first=0)
    world.pictures(10, first=0)
    world.go_on()
    asked, before = world.keys_asked, len(world.sent)
    world.now_s += 2
    world.pictures(50, first=0)
    world.pictures(3, first=0)
    world.go_on()
    before = len(world.sent)
    world.feed.lost_picture()
    world.feed.lost_picture()
    world.go_on()
    assert world.keys_asked == asked + 1
    assert [frame.is_key for frame, _ in world.sent[before:]] == [True, False, False]


def test_without_anything_cached_the_publisher_is_asked(world: World) -> None:
    world.watch()
    assert world.keys_asked == 1
    world.pictures(5, first=10)
    assert world.sent == []
    world.pictures(2, first=0)
    world.go_on()
    assert len(world.sent) == 2
