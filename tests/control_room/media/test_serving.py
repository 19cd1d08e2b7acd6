"""`talaia-room media` as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from benchmarks.live import parts
from control_room import config
from control_room.media import serving

ROOM = Path(sys.executable).with_name("talaia-room")


def test_it_serves_until_it_is_told_to_stop() -> None:
    with parts.media() as running:
        assert running.streams() == []
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
        with pytest.raises(httpx.TransportError):
            running.streams()


@pytest.mark.parametrize(("secret", "said"), [("", "live.secret_file"), ("short", "16 or more")])
def test_without_a_secret_it_does_not_begin(secret: str, said: str) -> None:
    environment = {"TALAIA_LIVE_SECRET": secret, "PATH": "/usr/bin"}
    done = subprocess.run(
        [str(ROOM), "media"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_taken_address_is_one_line() -> None:
    with parts.media() as running:
        environment = {"TALAIA_LIVE_SECRET": "x" * 20, "TALAIA_LIVE_BUILTIN_URL": running.url}
        done = subprocess.run(
            [str(ROOM), "media"], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 1
    assert "live.builtin_url" in done.stderr.splitlines()[-1]


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "media.secret"
    file.write_text("0123456789abcdef\n", encoding="utf-8")
    settings = config.load(None, {"TALAIA_LIVE_SECRET_FILE": str(file)})
    assert serving.secret_of(settings.live) == "0123456789abcdef"
