"""What stands beside a viewer's cost: plain TCP, and coding the picture anew for each viewer."""

from __future__ import annotations

import subprocess
import sys
import time
from fractions import Fraction

import av
from aiortc.codecs.h264 import H264Decoder, H264Encoder
from aiortc.jitterbuffer import JitterFrame

from benchmarks import ports
from benchmarks import town as towns
from benchmarks.live import camera, parts

_SETTLES_S = 1.0


def plain_tcp_share(viewers: int, seconds: float, bits_s: int) -> float:
    """Of a core, for each of so many readers."""
    port = ports.free_port()
    module = [sys.executable, "-m", "benchmarks.live.plain"]
    serving = subprocess.Popen([*module, "serve", str(port), str(bits_s)], cwd=towns.ROOT, stdin=subprocess.PIPE)
    with parts.ended(serving) as server:
        towns.wait_for(lambda: parts.listens(port), 60.0, "plain TCP is served")
        with parts.ended(subprocess.Popen([*module, "read", str(port), str(viewers)], cwd=towns.ROOT)):
            _feed(server, _SETTLES_S, bits_s)
            before_s = parts.cpu_s(server.pid)
            took_s = _feed(server, seconds, bits_s)
            return (parts.cpu_s(server.pid) - before_s) / took_s / viewers


def _feed(server: subprocess.Popen[bytes], seconds: float, bits_s: int) -> float:
    """A camera's bytes at its pace; how long it took."""
    picture, began_s = bytes(bits_s // 8 // camera.FPS), time.monotonic()
    for number in range(round(seconds * camera.FPS)):
        time.sleep(max(0.0, began_s + number / camera.FPS - time.monotonic()))
        if server.stdin is not None:
            server.stdin.write(picture)
            server.stdin.flush()
    return time.monotonic() - began_s


def transcoding_share(seconds: float = 4.0) -> float:
    """Of a core, for a viewer who gets pictures decoded and coded anew, as aiortc does by itself."""
    pictures = camera.clip(seconds)
    decoder, encoder = H264Decoder(), H264Encoder()
    began_s = time.process_time()
    for number, picture in enumerate(pictures):
        for frame in decoder.decode(JitterFrame(picture, number * 3600)):
            if isinstance(frame, av.VideoFrame):
                frame.pts, frame.time_base = number, Fraction(1, camera.FPS)
                encoder.encode(frame)
    return (time.process_time() - began_s) / (len(pictures) / camera.FPS)
