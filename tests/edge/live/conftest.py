"""Live video on a machine that may be busy."""

from __future__ import annotations

import httpx
import pytest


@pytest.fixture
def patient_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the agent gives up after seconds takes as long as it takes."""
    monkeypatch.setattr("edge.live.desk._ANSWER_S", 60.0)
    monkeypatch.setattr("edge.live.peer._CONNECT_S", 60.0)
    monkeypatch.setattr("edge.live.whip._TIMEOUT", httpx.Timeout(60.0))
    monkeypatch.setattr("edge.live.whip._FAREWELL_S", 60.0)
    monkeypatch.setattr("edge.live.outlet._FRESH_S", 60.0)
