"""Takes a configuration that the room pushed, or keeps the one there is and says why in one line."""

from __future__ import annotations

import logging
import tomllib
from typing import TYPE_CHECKING

from edge import config, pushed, senders
from edge.commands.orders import CommandError
from edge.errors import ConfigurationError
from edge.reload import changes
from wire.commands import Configure, Configured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from threading import Event

    from edge.commands.orders import Order
    from edge.config import Settings

log = logging.getLogger(__name__)


class Pushing:
    """Judges on the thread of commands; the agent's own round takes over what was judged sound."""

    def __init__(self, path: Path, present: Callable[[], Settings], hurry: Event) -> None:
        """`path`: the device's own file; `hurry`: set, the file is read again at once."""
        self._path = path
        self._present = present
        self._hurry = hurry

    def take(self, order: Order) -> Configured:
        """Obey `config`.

        Raises:
            ConfigurationError: `key: got ...; allowed: ...`; nothing has changed.
            CommandError: it is older than what the device follows.
        """
        wanted = order.arguments
        if not isinstance(wanted, Configure):
            raise TypeError(f"config came with {type(wanted).__name__}")
        data_dir = self._present().data_dir
        try:
            had = pushed.read(data_dir)
        except ConfigurationError as error:
            log.warning("%s: it is replaced", error)
            had = None
        if had is not None and wanted.version < had.version:
            raise CommandError(f"version: got {wanted.version}; allowed: newer than {had.version}, which is in force")
        self._judge(wanted)
        pushed.write(data_dir, wanted)
        self._hurry.set()
        log.info("configuration %d of %s is taken", wanted.version, order.command.issued_by)
        return Configured(version=wanted.version)

    def _judge(self, wanted: Configure) -> None:
        try:
            content = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(f"the device's own file cannot be read: {error}") from None
        laid = pushed.lay_over(content, wanted.content)
        if laid.unknown:
            known = ", ".join(camera.id for camera in self._present().camera)
            raise ConfigurationError(f"cameras: got {', '.join(laid.unknown)}; allowed: this device's ({known})")
        settings = config.parse(laid.content, folder=self._path.resolve().parent)
        changes.check(self._present(), settings)
        senders.check(settings)
