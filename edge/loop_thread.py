"""An event loop on a thread of its own, which other threads speak to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class LoopThread:
    """`run` is that thread's work; all else may be called from others, also before it runs and after it ended."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._ended_for_good = False

    @property
    def is_running(self) -> bool:
        """What is asked of it now is done."""
        return self._loop is not None

    def run(self) -> None:
        """Until `stop`."""
        asyncio.run(self._main())

    def stop(self) -> None:
        self._ended_for_good = True
        self._soon(self._stopping.set)

    def _soon(self, what: Callable[[], object]) -> None:
        """Do it on the loop's thread; nothing where it does not run."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(what)
            except RuntimeError:  # it has just ended
                return

    async def _main(self) -> None:
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._ended_for_good:
            self._stopping.set()
        try:
            self._begun()
            await self._stopping.wait()
        finally:
            self._loop = None
            await self._ending()

    def _begun(self) -> None:
        """What is to be done once the loop runs."""
        raise NotImplementedError

    async def _ending(self) -> None:
        """The last that is done on it."""
        raise NotImplementedError
