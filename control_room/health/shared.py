"""Counts that several serving processes share: prometheus_client's own way, files that are mapped into each of them.

It looks for their folder once, when it is imported: so this comes before.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextlib.contextmanager
def sharing(*, wanted: bool) -> Iterator[None]:
    """What is counted within, in whichever process, counts together; nothing of an earlier time does."""
    os.environ.pop(_VARIABLE, None)
    if not wanted:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="talaia-counts-") as folder:
        os.environ[_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[_VARIABLE]


def is_shared() -> bool:
    return _VARIABLE in os.environ


def forget(pid: int) -> None:
    """This process has ended: what it counted stays, what was so only of the moment goes."""
    if is_shared():
        from prometheus_client import multiprocess  # noqa: PLC0415 - only once the folder is named

        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus_client leaves it untyped
