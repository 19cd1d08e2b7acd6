"""Begins a paper as PDF; what writes it is loaded with the first one, not by every process that could be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from control_room.papers.page import Paper
    from control_room.papers.words import Words

MEDIA_TYPE = "application/pdf"


def begin(words: Words, title: str, *, town: str, made_at: datetime, is_wide: bool = False) -> Paper:
    """A paper to write within its `with`."""
    from control_room.papers.page import Paper  # noqa: PLC0415 - a second and 36 MiB, only where a paper is made

    return Paper(words, title, town=town, made_at=made_at, is_wide=is_wide)
