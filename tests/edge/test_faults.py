"""A thread of the agent that meets an unexpected fault says so and begins again."""

from __future__ import annotations

from threading import Event

import pytest

from edge import faults
from edge.clock import Clock


class HurriedClock(Clock):
    """Its pauses are over at once."""

    def wait(self, stop: Event, seconds: float) -> bool:
        assert seconds > 0
        return stop.is_set()


def test_work_begins_again_after_a_fault_until_it_returns(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def work() -> None:
        done.append("work")
        if done.count("work") < 3:
            raise OverflowError("unforeseen")

    faults.again_after_faults(
        work,
        what="publish",
        clock=HurriedClock(),
        stop=Event(),
        at_fault=lambda error: done.append(type(error).__name__),
        mend=lambda: done.append("mend"),
    )
    assert done == ["work", "OverflowError", "mend", "work", "OverflowError", "mend", "work"]
    assert [record.getMessage() for record in caplog.records] == ["publish: unexpected fault"] * 2


def test_nothing_begins_once_the_agent_is_to_stop() -> None:
    stop = Event()
    stop.set()
    done: list[str] = []
    faults.again_after_faults(lambda: done.append("work"), what="upload", clock=HurriedClock(), stop=stop)
    assert done == []
