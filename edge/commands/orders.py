"""One command that is being obeyed, as its handler sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import EdgeError
from wire.commands import CANCELLED

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.control import CommandMessage
    from wire.message import Part


class CommandError(EdgeError):
    """The device cannot do it; one line that the room shows to whoever asked."""


class InterruptedCommandError(EdgeError):
    """The agent stops; the command is taken up again when it is back."""


class CancelledCommandError(CommandError):
    """Whoever ordered it does not want it any more."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done."""

    command: CommandMessage
    arguments: Part
    """Of the class that belongs to the kind."""
    tell: Callable[[float], None]
    """Tells the room which share is done."""
    stopping: Callable[[], bool]
    cancelled: Callable[[], bool] = lambda: False

    def progress(self, share: float) -> None:
        """Call it now and then.

        Raises:
            InterruptedCommandError, CancelledCommandError: as `check` does.
        """
        self.check()
        self.tell(share)

    def check(self) -> None:
        """Whether to go on.

        Raises:
            InterruptedCommandError: the agent stops.
            CancelledCommandError: it is to be given up.
        """
        if self.stopping():
            raise InterruptedCommandError("the agent stops")
        if self.cancelled():
            raise CancelledCommandError(CANCELLED)
