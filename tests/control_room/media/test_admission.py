"""One viewer too many is told so."""

from __future__ import annotations

import pytest

from control_room.config import Media
from control_room.media.admission import Crowd, Load, Tokens, refusal

LIMITS = Media(viewers_max=10, viewers_mbit_s=30, cpu_share_max=0.5, lag_ms_max=50)


def load(share: float = 0.0, late_s: float = 0.0) -> Load:
    used_s = 0.0
    found = Load(cpu_s=lambda: used_s)
    for beat in range(60):
        used_s = share * beat * 0.05
        found.beat(beat * 0.05, late_s)
    return found


@pytest.mark.parametrize(
    ("present", "crowd", "word"),
    [
        (load(), Crowd(10, 1e6), "viewers_max"),
        (load(), Crowd(9, 28e6), "Mbit/s"),
        (load(late_s=0.2), Crowd(1, 3e6), "late"),
        (load(share=0.48), Crowd(9, 27e6), "of a core"),
        (load(share=0.46), Crowd(1, 3e6), "of a core"),
    ],
)
def test_who_would_spoil_it_is_refused_with_the_reason(present: Load, crowd: Crowd, word: str) -> None:
    assert word in (refusal(LIMITS, present, crowd, 3e6) or "")


@pytest.mark.parametrize(("present", "crowd"), [(load(), Crowd(0, 0.0)), (load(0.4), Crowd(8, 24e6))])
def test_who_does_not_is_welcome(present: Load, crowd: Crowd) -> None:
    assert refusal(LIMITS, present, crowd, 3e6) is None


def test_the_load_is_that_of_the_last_seconds() -> None:
    present = load(0.4, late_s=0.02)
    assert present.cpu_share == pytest.approx(0.4)
    assert present.lag_ms == pytest.approx(20)


def test_tokens_come_back_with_time() -> None:
    tokens = Tokens(10, 20)
    assert sum(tokens.take(5.0) for _ in range(100)) == 20
    assert sum(tokens.take(5.5) for _ in range(100)) == 5
