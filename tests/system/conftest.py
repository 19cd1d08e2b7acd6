"""One running system for all tests that do not break it for the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks import town as towns


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[towns.Town]:
    with towns.running(tmp_path_factory.mktemp("town")) as running:
        yield running
