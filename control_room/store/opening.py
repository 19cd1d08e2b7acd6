"""The store that the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_room.store.local import LocalStore

if TYPE_CHECKING:
    from control_room import config
    from control_room.store.content import Store


def open_store(settings: config.Store) -> Store:
    """Make its directories where they are missing; a bucket must be there.

    Raises:
        OSError: a directory cannot be made.
    """
    if settings.kind == "s3":
        from control_room.store.s3 import S3Store  # noqa: PLC0415 - its client only where it is used

        return S3Store(settings)
    return LocalStore(settings.directory)
