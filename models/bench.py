"""Measures how long a detector takes for one picture and how much memory it needs, on this machine now."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
import resource
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

import models
from models.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURE_PX = (576, 768)
"""Height and width of the picture that is drawn for it; what it shows does not change the time noticeably."""
_WARM_UP = 3
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """From picture to boxes, all included, in a process of its own."""

    backend: models.Backend
    model: str
    input_px: int
    n: int
    min_ms: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """Processor time for one picture, on all cores together."""
    rss_bytes: int
    """The most memory that the process had, with Python and the runtime."""
    load_average: float
    """Of the machine over the last minute, when it ended: much above 1 says that the times are too long."""


def backends() -> list[models.Backend]:
    """Those that can be imported in this environment."""
    return [backend for backend in get_args(models.Backend) if importlib.util.find_spec(backend) is not None]


def measure(backend: models.Backend, model: str, input_px: int, n: int) -> Measurement:
    """Run in a fresh process, so that memory is that of this back end alone."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        outcome: Measurement | str = pool.apply(_measure_here, (backend, model, input_px, n))
    if isinstance(outcome, str):
        raise ModelError(outcome)
    return outcome


def _measure_here(backend: models.Backend, model: str, input_px: int, n: int) -> Measurement | str:
    """Give the words of an error instead of raising: it has to cross from one process to another."""
    try:
        detector = models.load_detector(backend, model, input_px, 0.3)
    except ModelError as error:
        return str(error)
    picture = _picture()
    for _ in range(_WARM_UP):
        detector.detect(picture)
    times_ms = []
    cpu_began_s = time.process_time()
    for _ in range(n):
        began_s = time.perf_counter()
        detector.detect(picture)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    cpu_ms = (time.process_time() - cpu_began_s) * 1000 / n
    ordered = sorted(times_ms)
    return Measurement(
        backend=backend,
        model=model,
        input_px=input_px,
        n=n,
        min_ms=ordered[0],
        p50_ms=statistics.median(ordered),
        p99_ms=ordered[min(n - 1, round(0.99 * n))],
        cpu_ms=cpu_ms,
        rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB,
        load_average=os.getloadavg()[0],
    )


def _picture() -> NDArray[np.uint8]:
    return np.random.default_rng(seed=1).integers(0, 256, (*PICTURE_PX, 3), np.uint8)
