"""Tries each camera of a configuration: opens it and waits for a picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from edge.clock import Clock
from edge.errors import SourceError
from edge.mask import Masks
from edge.source import Source, SourceSettings

if TYPE_CHECKING:
    from edge.config import CameraSection, Settings

_AT_ONCE = 8


class Probe(NamedTuple):
    """What came of trying one camera."""

    id: str
    ok: bool
    reason: str
    """Empty where it is ok."""


def cameras(settings: Settings) -> list[Probe]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda camera: _try(settings, camera), settings.camera))


def _try(settings: Settings, camera: CameraSection) -> Probe:
    wanted = SourceSettings(location=settings.location(camera), analysis_fps=camera.analysis_fps)
    source = Source(wanted, masks=Masks(camera.zones), clock=Clock(), stop=Event())
    frames = source.frames()
    try:
        next(frames)
    except SourceError as error:
        return Probe(camera.id, ok=False, reason=str(error))
    except StopIteration:
        return Probe(camera.id, ok=False, reason="gives no picture")
    finally:
        frames.close()
    return Probe(camera.id, ok=True, reason="")
