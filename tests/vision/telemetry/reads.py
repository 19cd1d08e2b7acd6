"""The type of the `reading` fixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from vision.telemetry.reading import Telemetry

Read: TypeAlias = Callable[[str | bytes], Telemetry]
