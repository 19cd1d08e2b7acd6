"""Puts together what obeys the room."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING

from edge.commands.handlers import Handlers
from edge.commands.inbox import Inbox
from edge.commands.ledger import FILE_NAME, Ledger
from edge.commands.mutes import Mutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock
    from edge.commands.orders import Order
    from edge.config import CameraSection, Settings
    from edge.evidence import Folder
    from edge.live.desk import Live
    from edge.outbox import Outbox
    from edge.ptz.desk import Heads
    from edge.recording import Recordings
    from vision.detect import Detector
    from vision.frame import Frame
    from wire.message import Part


class Desk:
    """Its `inbox` hears and answers, its `mutes` keep rules silent; the `run_...` have a thread each."""

    def __init__(
        self,
        settings: Settings,
        *,
        camera: Callable[[str], CameraSection | None],
        picture: Callable[[str], Frame | None],
        recordings: Recordings | None,
        outbox: Outbox,
        folder: Folder,
        detector: Detector,
        live: Live,
        heads: Heads,
        clock: Clock,
        wake: Callable[[], None],
        configure: Callable[[Order], Part] | None = None,
    ) -> None:
        """`wake`: called when there is something to send; `configure` obeys `config`, None: there is no file.

        Raises:
            LedgerError: the list of commands cannot be used.
            ConfigurationError: the room's key cannot be read.
        """
        self._stop = Event()
        self._ledger = Ledger(settings.data_dir / FILE_NAME, clock)
        self.mutes = Mutes(self._ledger, clock)
        handlers = Handlers(
            camera=camera,
            picture=picture,
            recordings=recordings,
            outbox=outbox,
            folder=folder,
            detector=detector,
            mutes=self.mutes,
            clock=clock,
            free_bytes_min=settings.evidence.free_disk_bytes,
            written=wake,
        )
        self.inbox = Inbox(
            device_id=settings.device.id,
            key=settings.command_key(),
            ledger=self._ledger,
            handlers={
                **handlers.by_kind(),
                "live_start": live.start,
                "live_stop": live.end,
                "ptz": heads.turn,
                **({"config": configure} if configure is not None else {}),
            },
            clock=clock,
            stop=self._stop,
            wake=wake,
        )
        self.run_at_once = self.inbox.run_at_once
        self.run_long = self.inbox.run_long
        self.run_turning = self.inbox.run_turning

    def change(self, settings: Settings) -> None:
        """Take over another key.

        Raises:
            ConfigurationError: it cannot be read.
        """
        self.inbox.key = settings.command_key()

    def stop(self) -> None:
        """Begin nothing more; what takes long is broken off, and taken up again after the next start."""
        self._stop.set()

    def close(self) -> None:
        """Once its threads have ended, or are given up."""
        self._ledger.close()
