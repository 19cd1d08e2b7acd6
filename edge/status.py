"""What the device says of itself and of each camera; retained by the broker."""

from __future__ import annotations

from importlib import metadata
from threading import Lock
from typing import TYPE_CHECKING

import uuid_utils.compat

from wire.device import CameraStatus, StatusMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge.clock import Clock
    from edge.config import CameraSection
    from wire.device import Alarm, CameraState, LiveStream, PtzStatus

_SILENT_S = 15.0
"""A camera that is said to be live and gave no picture for so long is dark: its reader hangs."""
_REASON_LENGTH_MAX = 500


class CameraHealth:
    """One camera's state, its reason, and since when; told by the camera's thread, read by others."""

    def __init__(
        self,
        camera: CameraSection,
        clock: Clock,
        changed: Callable[[], None],
        live: Callable[[str], list[LiveStream]] = lambda _: [],
        ptz: Callable[[str], PtzStatus | None] = lambda _: None,
    ) -> None:
        """`live`: what is sent of the camera by this id; `ptz`: how it is turned."""
        self.camera = camera
        self._live = live
        self._ptz = ptz
        self._clock = clock
        self._changed = changed
        self._lock = Lock()
        self._state: CameraState = "starting"
        self._reason = ""
        self._note = ""
        self._since = clock.now()
        self._last_frame_at: datetime | None = None

    def back(self) -> None:
        """A picture came."""
        self._last_frame_at = self._clock.now()
        self._become("live", "")

    def lost(self, reason: str) -> None:
        self._become("dark", reason)

    def refuse(self, reason: str) -> None:
        """A picture came, but nothing of it may be kept or shown."""
        self._last_frame_at = self._clock.now()
        self._become("refused", reason)

    def note(self, note: str) -> None:
        """What a camera that is live cannot do meanwhile; empty: nothing."""
        with self._lock:
            if note == self._note:
                return
            self._note = note[:_REASON_LENGTH_MAX]
        self._changed()

    @property
    def is_dark(self) -> bool:
        return self._state == "dark"

    @property
    def is_refused(self) -> bool:
        return self._state == "refused"

    def describe(self, camera: CameraSection) -> None:
        """What is said of it has changed."""
        with self._lock:
            self.camera = camera
        self._changed()

    def check_silence(self) -> None:
        """Called now and then from outside the camera's thread, which may hang."""
        seen = self._last_frame_at
        silent_s = 0.0 if seen is None else (self._clock.now() - seen).total_seconds()
        if self._state == "live" and silent_s > _SILENT_S:
            self._become("dark", f"no picture for {silent_s:.0f} s")

    def status(self) -> CameraStatus:
        with self._lock:
            camera = self.camera
            return CameraStatus(
                camera_id=camera.id,
                name=camera.name,
                state=self._state,
                reason=self._reason or (self._note if self._state == "live" else ""),
                since=self._since,
                last_frame_at=self._last_frame_at,
                location=camera.location,
                purpose=camera.purpose,
                legal_regime=camera.legal_regime,
                staged=camera.staged,
                live=self._live(camera.id),
                ptz=self._ptz(camera.id),
            )

    def _become(self, state: CameraState, reason: str) -> None:
        reason = reason[:_REASON_LENGTH_MAX]
        with self._lock:
            if (state, reason) == (self._state, self._reason):
                return
            if state != self._state:
                self._since = self._clock.now()
            self._state, self._reason = state, reason
        self._changed()


def version() -> str:
    return metadata.version("talaia")


def message(
    device_id: str,
    cameras: Sequence[CameraHealth],
    alarms: Sequence[Alarm],
    clock: Clock,
    *,
    online: bool,
    reason: str,
) -> StatusMessage:
    return StatusMessage(
        message_id=uuid_utils.compat.uuid7(),
        device_id=device_id,
        sent_at=clock.now(),
        online=online,
        version=version(),
        reason=reason,
        cameras=[camera.status() for camera in cameras],
        alarms=list(alarms),
    )
