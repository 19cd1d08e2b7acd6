from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.vision.telemetry.reads import Read
from vision.telemetry import formats
from vision.telemetry.reading import Assumptions, Telemetry

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def town() -> Assumptions:
    return Assumptions(ZoneInfo("Europe/Madrid"), "Europe/Madrid", (41.1189, 1.2445))


@pytest.fixture(scope="session")
def data() -> Path:
    if not DATA.is_dir():
        pytest.skip("../shared/data is not there")
    return DATA


@pytest.fixture
def reading(tmp_path: Path, town: Assumptions) -> Read:
    """Reads text or bytes as a file without a telling name."""

    def read(content: str | bytes) -> Telemetry:
        path = tmp_path / "file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return formats.read(path, town)

    return read
