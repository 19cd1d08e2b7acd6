"""The camera's clock, the stream's time stamps and the device's clock are noted apart (with RTCP: test_rtsp.py)."""

from __future__ import annotations

from datetime import timedelta

import av
import pytest

from edge.source.video import Taken
from edge.source.witness import Witnesses, asked
from tests.edge.clocks import START, HandClock


def taken(clock: HandClock, dts_s: float) -> Taken:
    return Taken(av.Packet(b"\0" * 8), True, 8, dts_s, dts_s, clock.now())  # type: ignore[arg-type]


def test_one_at_the_begin_and_one_every_five_minutes_with_the_drift() -> None:
    """Time stamps that run one per mille too fast."""
    clock = HandClock()
    witnesses = Witnesses(clock, starts_s=50.0)
    found = []
    for second in range(900):
        clock.passed_s = float(second)
        found.append(witnesses.note(taken(clock, second * 1.001)))
    noted = [one for one in found if one is not None]
    assert [(one.at - START).total_seconds() for one in noted] == [0, 300, 600]
    assert [one.opened for one in noted] == [True, False, False]
    assert [one.stream_drift_ppm for one in noted] == [None, pytest.approx(1000, abs=1), pytest.approx(1000, abs=1)]
    assert noted[0].media_time_s == 50.0
    assert {(one.camera_at, one.camera_by, one.camera_offset_s) for one in noted} == {(None, None, None)}


def test_a_camera_that_was_asked() -> None:
    witness = asked(START - timedelta(seconds=90), HandClock(), 7.0)
    assert (witness.camera_by, witness.camera_offset_s) == ("onvif", -90.0)
