"""Counts that several serving processes share: prometheus_client's own way, files that are mapped into each of them.

It looks for their folder once, when it is imported: so this comes before.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING

from control_room import config

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@contextlib.contextmanager
def sharing(*, wanted: bool) -> Iterator[None]:
    """What is counted within, in whichever process, counts together; nothing of an earlier time does.

    Raises:
        config.ConfigError: there is no place for it.
    """
    os.environ.pop(_VARIABLE, None)
    if not wanted:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="talaia-counts-"))
        except OSError as error:
            allowed = f"1, or a folder for temporary files that can be written ({error.strerror})"
            raise config.ConfigError(f"http.processes: got more than one; allowed: {allowed}") from None
        os.environ[_VARIABLE] = made
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
