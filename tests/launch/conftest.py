"""Things that the tests of set-up share."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        yield holder.getsockname()[1]


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A directory that every user of the machine reaches (pytest's own are private to the one who runs it)."""
    directory = Path(tempfile.mkdtemp(prefix="talaia-test-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)
