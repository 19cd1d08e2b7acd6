"""What the dumping rule is compared with: the two obvious ways, each as good as it gets in a page of code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.events.baselines.blob_timer import BlobTimer
from models.events.baselines.coco_box import CocoBox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.events.benchmark import Listener
    from vision.rules.illegal_dumping import IllegalDumpingSettings

__all__ = ["BlobTimer", "CocoBox", "make"]


def make(settings: IllegalDumpingSettings) -> Mapping[str, Listener]:
    """By the names that the results carry; they wait as long as the rule does."""
    return {
        "coco_box_that_stays": CocoBox.load(settings.unattended_s),
        "blob_timer": BlobTimer(settings.unattended_s),
    }
