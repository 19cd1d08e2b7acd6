"""The processes that the measurements need, each ended with its block."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks import ports
from benchmarks import town as towns

ROOM = Path(sys.executable).with_name("talaia-room")
SYSTEM_PYTHON = "/usr/bin/python3"
RTSP = Path(__file__).with_name("rtsp.py")
CAMERA = "camera/box/plaza"
_WITHIN_S = 60.0
_ENDS_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Media:
    """`talaia-room media`, running."""

    process: subprocess.Popen[bytes]
    url: str
    secret: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.secret}"}, timeout=30)

    def streams(self) -> list[dict[str, Any]]:
        with self.client() as client:
            found: list[dict[str, Any]] = client.get("/streams").raise_for_status().json()
            return found

    def sessions(self) -> list[dict[str, Any]]:
        with self.client() as client:
            found: list[dict[str, Any]] = client.get("/sessions").raise_for_status().json()
            return found

    def offer(self, stream: str, kind: str, sdp: str, **query: str) -> httpx.Response:
        """`kind`: whip or whep."""
        with self.client() as client:
            return client.post(
                f"/{stream}/{kind}", content=sdp, params=query, headers={"Content-Type": "application/sdp"}
            )


@contextmanager
def media(**settings: str) -> Iterator[Media]:
    """With TALAIA_MEDIA_... of the settings."""
    port, secret = ports.free_port(), secrets.token_urlsafe(24)
    environment = {
        **os.environ,
        "TALAIA_LIVE_BUILTIN_URL": f"http://127.0.0.1:{port}",
        "TALAIA_LIVE_SECRET": secret,
        "TALAIA_MEDIA_ADDRESSES": "127.0.0.1",
        **{f"TALAIA_MEDIA_{name.upper()}": value for name, value in settings.items()},
    }
    with ended(subprocess.Popen([str(ROOM), "media"], env=environment)) as process:
        running = Media(process, f"http://127.0.0.1:{port}", secret)
        towns.wait_for(lambda: _answers(running.url), _WITHIN_S, "the media process answers")
        yield running


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Ends it with the block."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


def has_rtsp() -> bool:
    """Whether the machine can serve RTSP."""
    checked = subprocess.run(
        [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"], check=False, capture_output=True
    )
    return shutil.which(SYSTEM_PYTHON) is not None and checked.returncode == 0


@contextmanager
def rtsp_camera(port: int | None = None) -> Iterator[str]:
    """A street camera with the time in its pictures; its address."""
    port = port or ports.free_port()
    drawing = subprocess.Popen([sys.executable, "-m", "benchmarks.live.camera"], cwd=towns.ROOT, stdout=subprocess.PIPE)
    with (
        ended(drawing),
        ended(subprocess.Popen([SYSTEM_PYTHON, str(RTSP), str(port)], stdin=drawing.stdout)),
    ):
        if drawing.stdout is not None:
            drawing.stdout.close()
        towns.wait_for(lambda: listens(port), _WITHIN_S, "the camera listens")
        yield f"rtsp://127.0.0.1:{port}/street"


def listens(port: int) -> bool:
    found = Path("/proc/net/tcp").read_text(encoding="ascii")
    return f"0100007F:{port:04X} 00000000:0000 0A" in found


@contextmanager
def agent(running: Media, source: str, stream: str = CAMERA) -> Iterator[subprocess.Popen[bytes]]:
    """Publishes the source to the media process."""
    command = [sys.executable, "-m", "benchmarks.live.agent", source, running.url, f"/{stream}/whip"]
    started = subprocess.Popen(command, cwd=towns.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with ended(started) as process:
        if process.stdin is None or process.stdout is None:
            raise towns.NotInTimeError("no pipe to the agent")
        process.stdin.write(f"{running.secret}\n".encode())
        process.stdin.flush()
        if process.stdout.readline() != b"publishing\n":
            raise towns.NotInTimeError("the agent publishes")
        yield process


def wait_for_pictures(running: Media, stream: str = CAMERA, *, within_s: float = _WITHIN_S) -> None:
    towns.wait_for(
        lambda: any(each["stream"] == stream and each["fps"] > 0 for each in running.streams()),
        within_s,
        f"pictures of {stream}",
    )


def cpu_s(pid: int) -> float:
    """Of the process and its threads, until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def now_s() -> float:
    return time.monotonic()
