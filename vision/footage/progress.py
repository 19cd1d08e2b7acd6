"""How whoever waits hears of the work and may end it, and how a crash does not begin it anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class CancelledError(Exception):
    """Whoever hears of the progress wants no more of it. What was kept stays good."""


class Progress(Protocol):
    """Called after each piece of work, never from two threads at once."""

    def __call__(self, stage: str, done: float, total: float) -> bool:
        """Stages in their order: `plan`, `look`, `join`. Returning False ends the analysis with CancelledError."""
        ...


def silent(stage: str, done: float, total: float) -> bool:
    del stage, done, total
    return True


def _forget(_key: str, _value: dict[str, Any]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Kept:
    """Results of stages, each one JSON object under its key (`plan`, `span-0`, `span-1`, ...).

    `done` holds what an earlier run kept; `keep` is called with each new one as soon as it is whole, by one thread at a
    time. A stage that is in `done` is not run again, and its part of the video is not decoded again.
    """

    done: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    keep: Callable[[str, dict[str, Any]], None] = _forget
