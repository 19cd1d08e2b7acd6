"""A real S3-compatible server on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from control_room import config
from control_room.store.s3 import S3Store
from tests.control_room import services

KEY, SECRET, BUCKET = "talaia", "the-secret-of-a-test", "evidence"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of rclone over an empty directory with one bucket."""
    folder = tmp_path_factory.mktemp("s3")
    (folder / BUCKET).mkdir()
    port = services.free_port()
    program = Path(sys.executable).parent / "rclone"
    command = [str(program), "serve", "s3", "--config", "", "--addr", f"127.0.0.1:{port}"]
    with (folder.parent / "rclone.log").open("wb") as log:
        server = subprocess.Popen([*command, "--auth-key", f"{KEY},{SECRET}", str(folder)], stdout=log, stderr=log)
    try:
        services.wait_until(lambda: _listens(port), 120, "rclone")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def s3_settings(endpoint: str, folder: Path, prefix: str, secret: str = SECRET) -> config.Store:
    content = {
        "kind": "s3",
        "directory": folder,
        "s3_endpoint": endpoint,
        "s3_bucket": BUCKET,
        "s3_prefix": prefix,
        "s3_access_key_id": KEY,
        "s3_secret_access_key": secret,
    }
    return config.Store.model_validate(content)


@pytest.fixture
def s3_store(s3_endpoint: str, tmp_path: Path) -> S3Store:
    """One that no other test sees."""
    return S3Store(s3_settings(s3_endpoint, tmp_path, tmp_path.name))
