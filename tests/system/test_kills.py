"""Each part is killed while events flow; nothing is lost and nothing is doubled. `make soak` does it for longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import kills
from benchmarks import town as towns

SEED = 20261121


@pytest.mark.system
@pytest.mark.timeout(1500)
def test_nothing_is_lost_when_parts_are_killed(town: towns.Town, tmp_path: Path) -> None:
    result = kills.prove(town, tmp_path / "busy", rounds=1, seed=SEED)
    assert kills.holds(result), result
