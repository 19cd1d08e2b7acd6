"""A pilot's browser, word by word: a card confirmed, its files sent by tus, its telemetry read."""

from __future__ import annotations

import base64
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from control_room.analyses import analyst

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.control_room import door as doors

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
BEGAN = datetime(2026, 5, 20, 10, tzinfo=UTC)


def srt(seconds: int = 20, *, began: datetime = BEGAN, gimbal: bool = True, climb_m: float = 60.0) -> bytes:
    """One cue a second: up, along, and down again. Times are local (UTC+2) without a zone, as drones write them."""
    cues = []
    for second in range(seconds):
        clock = (began + timedelta(hours=2, seconds=second)).strftime("%Y-%m-%d %H:%M:%S.000")
        height = climb_m * min(1.0, second / 5, (seconds - 1 - second) / 5)
        look = " [gb_yaw: 0.0 gb_pitch: -90.0 gb_roll: 0.0] [focal_len: 24.00]" if gimbal else ""
        place = f"[latitude: {41.1189 + second * 1e-5:.6f}] [longitude: 1.244500]"
        cues.append(
            f"{second + 1}\n00:{second // 60:02}:{second % 60:02},000 --> 00:{second // 60:02}:{second % 60:02},900\n"
            f"{clock}\n{place} [rel_alt: {height:.3f} abs_alt: {height + 20:.3f}]{look}\n"
        )
    return "\n".join(cues).encode()


def video(path: Path, seconds: int = 2, size: tuple[int, int] = (160, 90)) -> bytes:
    """A plain H.264 film."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for number in range(seconds * 10):
            image = np.full((size[1], size[0], 3), number * 3 % 255, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def entry(name: str, content: bytes, *, kind: str = "video", folder: str = "DCIM", **more: Any) -> dict[str, Any]:
    given = {"name": name, "folder": folder, "bytes": len(content), "modified_at": BEGAN.isoformat(), "kind": kind}
    return given | more


def confirm(pilot: httpx.Client, *files: dict[str, Any], **more: Any) -> tuple[str, list[str]]:
    answer = pilot.post("/api/v1/flights", json={"flights": [{"files": list(files), **more}]})
    assert answer.status_code == 201, answer.text
    [flight] = answer.json()["flights"]
    return flight["flight_id"], flight["footage_ids"]


def begin(pilot: httpx.Client, footage_id: str, length: int, **metadata: str) -> httpx.Response:
    told = {"footage_id": footage_id, **metadata}
    encoded = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    return pilot.post("/api/v1/uploads", headers=TUS | {"Upload-Length": str(length), "Upload-Metadata": encoded})


def add(pilot: httpx.Client, address: str, at: int, content: bytes) -> httpx.Response:
    return pilot.patch(address, headers=PIECE | {"Upload-Offset": str(at)}, content=content)


def send(pilot: httpx.Client, footage_id: str, content: bytes, **metadata: str) -> httpx.Response:
    begun = begin(pilot, footage_id, len(content), **metadata)
    assert begun.status_code == 201, begun.text
    return add(pilot, begun.headers["Location"], 0, content)


def analyst_once(door: doors.Door) -> None:
    """All that waits in the queue."""
    analyst.run(door.room.settings, threading.Event(), once=True)


def footage(client: httpx.Client, flight_id: str) -> dict[str, dict[str, Any]]:
    items = client.get(f"/api/v1/flights/{flight_id}/footage").json()["items"]
    return {item["name"]: item for item in items}
