"""Stands in for torchvision where the installed one does not fit the machine's torch, in tests alone.

ultralytics imports torchvision for one operator; its own substitute for that operator takes the place here.
"""

from __future__ import annotations

from typing import Any


class ops:  # noqa: N801 -- torchvision's name
    """What ultralytics calls."""

    @staticmethod
    def nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
        from ultralytics.utils.nms import TorchNMS  # type: ignore[import-not-found]  # noqa: PLC0415 -- it imports us

        return TorchNMS.nms(boxes, scores, iou_threshold)
