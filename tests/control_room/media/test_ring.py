"""What is kept of a stream, and what a viewer begins with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from control_room.media.ring import GOP_S_MAX, Frame, Ring

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIB = 1024 * 1024


def frame(at_s: float, *, is_key: bool = False, size_bytes: int = 1000) -> Frame:
    return Frame((b"x",), round(at_s * 90_000), is_key, at_s, NOON + timedelta(seconds=at_s), size_bytes)


def filled(seconds: float, *, key_every_s: float = 2.0, keep_s: float = 75.0, keep_bytes: int = 64 * MIB) -> Ring:
    ring = Ring(keep_s, keep_bytes)
    for index in range(round(seconds * 25)):
        ring.put(frame(index / 25, is_key=index % round(key_every_s * 25) == 0))
    return ring


def test_a_viewer_begins_at_the_last_key_picture() -> None:
    ring = filled(9.0)
    gop = ring.gop()
    assert gop[0].is_key
    assert gop[0] is ring.key
    assert [each.arrived_s for each in gop] == [8.0 + index / 25 for index in range(25)]
    assert ring.gop_s == 2.0


def test_it_holds_so_long_and_no_longer() -> None:
    ring = filled(200.0)
    assert ring.first is not None
    assert 74.9 <= 200.0 - 1 / 25 - ring.first.arrived_s <= 75.0
    assert ring.held_bytes <= 76 * 25 * 1000


def test_it_holds_so_much_and_no_more() -> None:
    assert filled(200.0, keep_bytes=100_000).held_bytes <= 100_000


def test_a_group_that_is_too_long_is_no_beginning_but_its_key_picture_stays() -> None:
    ring = filled(GOP_S_MAX + 2, key_every_s=60.0)
    assert ring.gop() == []
    assert ring.key is not None
    assert ring.key.arrived_s == 0.0


def test_a_span_begins_at_the_key_picture_before_it() -> None:
    ring = filled(60.0)
    found = ring.between(NOON + timedelta(seconds=31), NOON + timedelta(seconds=41))
    assert (found[0].arrived_s, found[0].is_key, found[-1].arrived_s) == (30.0, True, 41.0)
    assert ring.between(NOON - timedelta(hours=1), NOON)[0].arrived_s == 0.0
    assert ring.between(NOON + timedelta(hours=1), NOON + timedelta(hours=2))[0].arrived_s == 58.0
