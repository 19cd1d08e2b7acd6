"""The street camera as a real RTSP stream, where the machine has an RTSP server; else it replays the file itself.

The staged camera always reads its file: a stream cannot tell where its loop begins again, and there the agent must
start its background afresh (docs/design/launch.md).
"""

import json
import subprocess
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("rtsp_server.py")
CHECK_S = 120.0  # the first time GStreamer looks through all its plug-ins


def available() -> bool:
    """Whether the system's python3 can run the server."""
    try:
        checked = subprocess.run([SYSTEM_PYTHON, str(SERVER)], check=False, capture_output=True, timeout=CHECK_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return checked.returncode == 0


def command(stream: Path, port: int) -> list[str]:
    return [SYSTEM_PYTHON, str(SERVER), str(stream), str(port)]


def url(port: int) -> str:
    return f"rtsp://127.0.0.1:{port}/street"


def pack(clip: Path, stream: Path) -> None:
    """Write the clip's H.264 pictures one after the other to `stream`, and their sizes beside it."""
    part = stream.with_suffix(".part")
    sizes_bytes: list[int] = []
    with av.open(clip) as container, part.open("wb") as output:
        video = container.streams.video[0]
        annex_b = BitStreamFilterContext("h264_mp4toannexb", video)
        for packet in container.demux(video):
            if packet.size:
                sizes_bytes += [output.write(bytes(filtered)) for filtered in annex_b.filter(packet)]
        frame_rate = round(video.average_rate or 0)
    stream.with_suffix(".json").write_text(
        json.dumps({"frame_rate": frame_rate, "sizes_bytes": sizes_bytes}), encoding="utf-8"
    )
    part.replace(stream)
