"""A day of pictures through the real agent, as fast as it can: what it holds in memory must not grow with the hours."""

from __future__ import annotations

import statistics
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import av
import numpy as np

from benchmarks import town as towns
from benchmarks.endurance import ledger

FPS = 2
TICKS = 1000
"""Of the file's clock from one picture to the next."""
SIZE_PX = (384, 288)
PERIOD_S = 600
"""Every ten minutes people walk by for as long as the clip is; the rest is an empty street with the camera's noise."""
SAMPLE_EVERY_S = 5.0
LONGEST_S = 4 * 3600
SETTLED_WITHIN_S = 600
GROWTH_MAX = 1.10
"""Mean memory of the last quarter over that of the second; the first is the filling of buffers and caches."""
_NOISE_SEED = 20261122


def film(clip: Path, path: Path, hours: float) -> Path:
    """One file of so many hours without a seam: an hour is coded once, its packets are repeated."""
    hour = path.with_name("hour.mp4")
    _film_hour(clip, hour, min(3600, round(hours * 3600)))
    with av.open(hour) as container, av.open(path, "w") as output:
        source = container.streams.video[0]
        stream = output.add_stream_from_template(source)
        packets = [packet for packet in container.demux(source) if packet.size]
        for repeat in range(max(1, round(hours))):
            for number, packet in enumerate(packets):
                copy = av.Packet(bytes(packet))
                copy.stream, copy.time_base, copy.is_keyframe = stream, Fraction(1, FPS * TICKS), packet.is_keyframe
                copy.pts = copy.dts = (repeat * len(packets) + number) * TICKS
                copy.duration = TICKS
                output.mux(copy)
    return path


def _film_hour(clip: Path, path: Path, seconds: int) -> None:
    people = _pictures(clip)
    chance = np.random.default_rng(_NOISE_SEED)
    noise = [chance.integers(-2, 3, (SIZE_PX[1], SIZE_PX[0], 3), dtype=np.int16) for _ in range(16)]
    with av.open(path, "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "34"})
        stream.width, stream.height = SIZE_PX
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 10 * FPS, 0
        stream.codec_context.thread_count = 1
        for number in range(seconds * FPS):
            since = number % (PERIOD_S * FPS)
            shown = people[since] if since < len(people) else people[-1]
            image = np.clip(shown + noise[number % len(noise)], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _pictures(clip: Path) -> list[np.ndarray[Any, np.dtype[np.int16]]]:
    """The clip at `FPS`, and its first picture again at the end: the street as it was."""
    taken = []
    with av.open(clip) as container:
        stream = container.streams.video[0]
        step = max(1, round(float(stream.average_rate or 10) / FPS))
        for number, frame in enumerate(container.decode(stream)):
            if number % step == 0:
                small = frame.reformat(*SIZE_PX, "bgr24").to_ndarray()
                taken.append(small.astype(np.int16))
    return [*taken, taken[0]]


def prove(town: towns.Town, folder: Path, *, hours: float) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    video = film(towns.street_clip(town), folder / "day.mp4", hours)
    agent = towns.BusyAgent(town, folder, source=f"file:{video}", playback="realtime = false\nanalysis_fps = 1.0\n")
    began_s, samples = monotonic(), []
    try:
        with town.client() as client:

            def over() -> bool:
                cameras = client.get("/cameras").raise_for_status().json()["items"]
                mine = next((one for one in cameras if one["device_id"] == agent.device_id), {"reason": None})
                return mine["reason"] == "the file has ended"

            while not over():
                if monotonic() - began_s > LONGEST_S:
                    raise towns.NotInTimeError(f"{hours} hours of pictures took longer than {LONGEST_S} s")
                samples.append(_resident_mib(agent.process.pid))
                Event().wait(SAMPLE_EVERY_S)
        took_s = monotonic() - began_s
        found = ledger.settle(town, agent, SETTLED_WITHIN_S)
    finally:
        agent.stop()
        video.unlink(missing_ok=True)
    return {"proof": "day", "hours": hours, "took_s": round(took_s), **memory_of(samples), **found}


def holds(result: dict[str, Any]) -> bool:
    return ledger.delivered(result) and result["growth"] <= GROWTH_MAX


def memory_of(samples: list[float]) -> dict[str, Any]:
    """Resident memory by quarters of the run; `growth` is the last over the second."""
    edges = [round(len(samples) * share / 4) for share in range(5)]
    quarters = [round(statistics.fmean(samples[a:b] or samples), 1) for a, b in pairwise(edges)]
    return {
        "rss_mib_by_quarter": quarters,
        "rss_mib_max": round(max(samples), 1),
        "samples": len(samples),
        "growth": round(quarters[3] / quarters[1], 3),
    }


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise towns.NotInTimeError(f"the agent {pid} is gone")
