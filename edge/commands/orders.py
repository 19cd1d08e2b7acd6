"""One command that is being obeyed, as its handler sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.control import CommandMessage
    from wire.message import Part


class CommandError(EdgeError):
    """The device cannot do it; one line that the room shows to whoever asked."""


class InterruptedCommandError(EdgeError):
    """The agent stops; the command is taken up again when it is back."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done."""

    command: CommandMessage
    arguments: Part
    """Of the class that belongs to the kind."""
    tell: Callable[[float], None]
    """Tells the room which share is done."""
    stopping: Callable[[], bool]

    def progress(self, share: float) -> None:
        """Call it now and then.

        Raises:
            InterruptedCommandError: the agent stops.
        """
        if self.stopping():
            raise InterruptedCommandError("the agent stops")
        self.tell(share)
