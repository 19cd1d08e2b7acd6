"""What goes out together, to whom, and who is cut off."""

from __future__ import annotations

import asyncio

from control_room.stream import hub
from control_room.stream.publish import Kind

ALL: frozenset[Kind] = frozenset({"alert", "camera"})
PILOT: frozenset[Kind] = frozenset({"camera"})


def change(stream_id: int, kind: Kind = "alert") -> hub.Change:
    return hub.Change(stream_id, kind, f"{stream_id} ".encode())


def frame(*stream_ids: int) -> hub.Frame:
    return hub.Frame([change(each, "camera" if each % 2 else "alert") for each in stream_ids])


def subscriber(kinds: frozenset[Kind] = ALL, after: int = 0) -> hub.Subscriber:
    made = hub.Subscriber(None)
    made.kinds, made.after = kinds, after
    return made


def test_the_same_text_serves_all_who_may_see_the_same() -> None:
    one = frame(11, 12, 13)
    assert one.text(ALL, 10) is one.text(ALL, 3)
    assert one.text(ALL, 10) == b"11 12 13 "
    assert one.text(PILOT, 10) == b"11 13 "


def test_nothing_older_than_the_beginning_is_told_again() -> None:
    """An older state after a newer one would stay on the screen."""
    assert frame(11, 12, 13).text(ALL, 12) == b"13 "
    assert frame(11, 12, 13).text(ALL, 13) == b""


def test_a_slow_one_gets_more_at_a_time() -> None:
    async def scene() -> bytes:
        slow = subscriber(after=11)
        for number in range(11, 15):
            slow.offer(frame(number))
        slow.say(b"beat")
        return await slow.next()

    assert asyncio.run(scene()) == b"12 13 14 beat"


def test_who_lags_too_far_is_cut_off_and_nobody_else() -> None:
    async def scene() -> tuple[bool, bool, bytes]:
        stuck, quick = subscriber(), subscriber()
        for number in range(1, hub.MOST_BEHIND + 2):
            stuck.offer(frame(number))
            quick.offer(frame(number))
            last = await quick.next()
        return stuck.ended.is_set(), quick.ended.is_set(), last

    assert asyncio.run(scene()) == (True, False, f"{hub.MOST_BEHIND + 1} ".encode())
