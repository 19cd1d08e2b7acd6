"""What looking through footage costs: `python -m benchmarks.footage`.

Beside it, on the same film, decoding alone, and every picture through the detector. Other processes use the machine
too, so times are of the processor: "on 2 cores" is what two of them free would take, as spans are independent.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

import models
from benchmarks import footage_accuracy
from benchmarks.drawn_flight import films, flying, ground
from benchmarks.figures import Figure, record
from control_room.flights.analyse_command import INPUT_PX, MODEL
from vision.footage.analysis import analyse
from vision.footage.settings import Settings
from vision.georeference import cameras, globe, orthophoto
from vision.georeference.camera import from_equivalent
from vision.georeference.pose import Pose
from vision.telemetry import formats

if TYPE_CHECKING:
    from pathlib import Path

    from vision.detect import Detector
    from vision.footage.result import FootageResult

FPS, SECONDS = 30, 20
HEIGHT_M, SPEED_M_S = 80.0, 8.0
SIZES = {"1080p30": (1920, 1080), "4K30": (3840, 2160)}
_SEED = 21
_CORES = 2
_NAIVE_PICTURES = 12
_AIM_TIMES, _AIM_NAIVE = 4.0, 10.0
_THINGS = 14


@dataclass(frozen=True, slots=True)
class Film:
    """A straight flight, straight down, without errors: its pictures are cut out of one map."""

    video: Path
    poses: list[Pose]
    things: list[tuple[float, float]]
    """lat, lon."""


def film(size_px: tuple[int, int]) -> Film:
    """Made once and kept."""
    native = HEIGHT_M / from_equivalent(flying.EQUIVALENT_MM, SIZES["1080p30"]).fx_px
    wide, high = (side * native for side in SIZES["1080p30"])
    size_m = (wide, high + SPEED_M_S * SECONDS)
    poses = [_pose(wide / 2, high / 2 + SPEED_M_S * number / FPS) for number in range(FPS * SECONDS)]
    video = films.folder() / f"straight-{size_px[0]}.mp4"
    told = video.with_suffix(".json")
    if not told.is_file():  # written last
        scene = ground.draw(_SEED, size_m, native, waste=_THINGS)
        _write(video, scene.canvas.image, size_px)
        flown = flying.Flown(from_equivalent(flying.EQUIVALENT_MM, size_px), poses, poses)
        video.with_suffix(".SRT").write_text(flying.subtitles(flown, FPS), encoding="utf-8")
        places = [globe.moved(flying.SOUTH_WEST, one.east_m, one.north_m) for one in scene.waste]
        told.write_text(json.dumps(places), encoding="utf-8")
    return Film(video, poses, [(lat, lon) for lat, lon in json.loads(told.read_text(encoding="utf-8"))])


def _pose(east_m: float, north_m: float) -> Pose:
    lat, lon = globe.moved(flying.SOUTH_WEST, east_m, north_m)
    return Pose(lat, lon, HEIGHT_M, 0.0, -90.0, 0.0)


def _write(video: Path, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], size_px: tuple[int, int]) -> None:
    width, height = size_px
    share = width / SIZES["1080p30"][0]
    large = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_CUBIC) if share > 1 else image
    rng = np.random.default_rng(_SEED)
    grain = [rng.normal(0, 2, (height, width, 1)).astype(np.int8) for _ in range(4)]
    step = (large.shape[0] - height) / (FPS * SECONDS)
    with av.open(str(video), "w") as output:
        stream = output.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.gop_size, context.max_b_frames, context.thread_count = FPS, 0, 1
        context.options = {"preset": "ultrafast", "crf": "24", "sc_threshold": "0"}
        for number in range(FPS * SECONDS):
            top = round(large.shape[0] - height - number * step)
            noisy = large[top : top + height, :width] + grain[number % len(grain)].astype(np.int16)
            shown = np.clip(noisy, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(shown, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _ours(one: Film, detector: Detector) -> tuple[float, float, FootageResult]:
    """Processor and wall seconds."""
    samples = formats.read(one.video.with_suffix(".SRT"), footage_accuracy.assumptions()).samples
    began, wall = time.process_time(), time.monotonic()
    result = analyse(one.video, samples, cameras.nominal, detector=detector, settings=Settings(threads=_CORES))
    return time.process_time() - began, time.monotonic() - wall, result


def _decoding(video: Path) -> float:
    """Processor seconds for all pictures, on one thread."""
    began = time.process_time()
    with av.open(str(video)) as container:
        container.streams.video[0].thread_count = 1
        for _ in container.decode(video=0):
            pass
    return time.process_time() - began


def _naive(one: Film, detector: Detector, size_px: tuple[int, int]) -> tuple[float, set[int], set[int]]:
    """Processor seconds a picture for converting and detecting; things in some box; things in these pictures at all."""
    camera = from_equivalent(flying.EQUIVALENT_MM, size_px)
    every = FPS * SECONDS // _NAIVE_PICTURES
    taken, found, shown = 0.0, set[int](), set[int]()
    with av.open(str(one.video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every:
                continue
            began = time.process_time()
            boxes = [each.box for each in detector.detect(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))]
            taken += time.process_time() - began
            pose = one.poses[number]
            for which, thing in enumerate(one.things):
                east, north = globe.offset_m((pose.lat, pose.lon), thing)
                x, y = orthophoto.project(camera, pose, np.array([east]), np.array([north]))
                place = float(x[0]) / size_px[0], float(y[0]) / size_px[1]
                if not (0 <= place[0] <= 1 and 0 <= place[1] <= 1):
                    continue
                shown.add(which)
                if any(box[0] <= place[0] <= box[2] and box[1] <= place[1] <= box[3] for box in boxes):
                    found.add(which)
    return taken / _NAIVE_PICTURES, found, shown


def _sites(one: Film, result: FootageResult, shown: set[int]) -> int:
    """Of the things that were shown, those near one of twice as many first candidates."""
    first = result.candidates[: 2 * len(shown)]
    return sum(
        any(
            math.hypot(*globe.offset_m(one.things[which], (each.lat, each.lon))) <= max(3.0, each.ce90_m)
            for each in first
        )
        for which in shown
    )


def figures(name: str, detector: Detector) -> list[Figure]:
    size_px = SIZES[name]
    one = film(size_px)
    decoding_s = _decoding(one.video)
    a_picture_s, found, shown = _naive(one, detector, size_px)
    naive_s = decoding_s + a_picture_s * FPS * SECONDS
    cpu_s, wall_s, result = _ours(one, detector)
    times = SECONDS * _CORES / cpu_s
    stages = result.summary.seconds
    shares = ", ".join(
        f"{stage} {taken / cpu_s:.0%}" for stage, taken in sorted(stages.items(), key=lambda each: -each[1])
    )
    rest = max(0.0, 1 - sum(stages.values()) / cpu_s)
    sites = _sites(one, result, shown)
    return [
        Figure(
            f"footage: {name}, times real time on {_CORES} cores",
            round(times, 2),
            f"x by CPU time ({wall_s:.1f} s of wall time for {SECONDS} s; {shares}, plan and join {rest:.0%})",
            baseline=f"decoding alone on as many cores: {SECONDS * _CORES / decoding_s:.1f} x",
            ratio=round(decoding_s / cpu_s, 3),
            n=result.summary.looks,
            aim=f"{_AIM_TIMES:g} x real time at 1080p",
            met=times >= _AIM_TIMES if name == "1080p30" else None,
        ),
        Figure(
            f"footage: {name}, CPU of every picture through the detector over ours",
            round(naive_s / cpu_s, 1),
            f"times (ours finds {sites} of {len(shown)} sites among twice as many candidates, it {len(found)})",
            baseline=f"each picture once at {INPUT_PX} px: {naive_s:.0f} s of CPU, ours {cpu_s:.1f} s",
            ratio=round(naive_s / cpu_s, 2),
            n=FPS * SECONDS,
            aim=f"at least {_AIM_NAIVE:g} times at equal recall of sites",
            met=naive_s / cpu_s >= _AIM_NAIVE and sites >= len(found),
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="What looking through footage costs.")
    parser.add_argument("--only", choices=sorted(SIZES), action="append")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    detector = models.load_detector("onnxruntime", MODEL, INPUT_PX, Settings().detector_confidence_min)
    for name in options.only or SIZES:
        record(figures(name, detector))
    return 0


if __name__ == "__main__":
    sys.exit(main())
