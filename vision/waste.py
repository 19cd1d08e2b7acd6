"""The waste check: how much a thing that was left looks like dumped waste. The implementation is in `models`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vision.geometry import Box
    from vision.rules.base import RuleEvent

_RULE = "illegal_dumping"
_DECIMALS = 3


class WasteCheck(Protocol):
    """Tells how much a thing looks like dumped waste. A hint for whoever looks at the alert, never a gate."""

    def probability(self, image: NDArray[np.uint8], box: Box) -> float:
        """Judge the box, in 0..1 of a BGR picture of shape (height_px, width_px, 3)."""


def noted(event: RuleEvent, check: WasteCheck | None, image: NDArray[np.uint8]) -> RuleEvent:
    """Give the event with `waste_probability` of its thing, seen in `image`; others, and things taken away, as is."""
    if check is None or event.rule != _RULE or event.phase == "closed" or not event.objects:
        return event
    probability = round(check.probability(image, event.objects[0].box), _DECIMALS)
    return replace(event, attributes={**event.attributes, "waste_probability": probability})
