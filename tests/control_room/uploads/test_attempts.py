"""The limit of attempts, with its bounded memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from control_room.uploads.attempts import Attempts

T0 = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_window_slides() -> None:
    attempts = Attempts(limit=2, window_s=60)
    waits = [attempts.take("a", T0 + timedelta(seconds=second)) for second in (0, 30, 59, 60, 61, 90)]
    assert waits == [0, 0, 1, 0, 29, 0]


def test_keys_are_apart_and_can_be_forgotten() -> None:
    attempts = Attempts(limit=1, window_s=60)
    assert [attempts.take(key, T0) for key in ("a", "b", "a")] == [0, 0, 60]
    attempts.forget("a")
    assert attempts.take("a", T0) == 0


def test_memory_is_bounded() -> None:
    attempts = Attempts(limit=1, window_s=60, capacity=3)
    for key in "abcd":
        attempts.take(key, T0)
    assert len(attempts) == 3
    assert attempts.take("d", T0) > 0
