"""Processes beside the media process, one for each stream that needs it: begun, read, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import TYPE_CHECKING

from control_room.media import pipe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_room.media.pipe import Record

_LIMIT_BYTES = 1024 * 1024


@contextlib.asynccontextmanager
async def begun(module: str) -> AsyncIterator[Process]:
    """`python -I -m module` with both pipes; killed and waited for at the end of the block, however that comes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", module, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_LIMIT_BYTES
    )
    descriptor = os.pidfd_open(process.pid)  # Popen.kill() could take its exit status away from the event loop
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)
        await asyncio.shield(_buried(process))


async def _buried(process: Process) -> None:
    """Also what it still wrote is let go of, so that no pipe stays open."""
    await process.communicate()


async def records(process: Process) -> AsyncIterator[Record]:
    """What it writes, until it ends or writes what is none."""
    output = process.stdout
    if output is None:
        return
    while True:
        try:
            yield await pipe.receive(output)
        except (asyncio.IncompleteReadError, pipe.BrokenPipeRecordError):
            return
