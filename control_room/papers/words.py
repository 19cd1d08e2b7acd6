"""What papers say, in the languages of the screens, and how they write times, lengths and durations."""

from __future__ import annotations

import functools
import json
import zoneinfo
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime, timedelta

Language = Literal["ca", "es", "en"]
LANGUAGES: tuple[Language, ...] = ("ca", "es", "en")
_LOCALES = Path(__file__).parent / "locales"


@functools.cache
def load(language: Language) -> dict[str, str]:
    """All texts of one language by their keys."""
    texts: dict[str, str] = json.loads((_LOCALES / f"{language}.json").read_text(encoding="utf-8"))
    return texts


@dataclass(frozen=True, slots=True)
class Words:
    """One language, and the town's zone, in which people read times."""

    language: Language
    zone: zoneinfo.ZoneInfo

    def text(self, key: str, **values: object) -> str:
        """Raises KeyError where the locale files lack `key` or `values` lack one of its places."""
        return load(self.language)[key].format_map(values)

    def named(self, group: str, code: str | None) -> str:
        """A code in words, such as `group.code` in the files; itself where they do not know it."""
        return "" if code is None else load(self.language).get(f"{group}.{code}", code)

    def moment(self, at: datetime | None) -> str:
        """Day and minute with the zone's offset, so that nobody asks which clock."""
        if at is None:
            return self.text("papers.not_said")
        local = at.astimezone(self.zone)
        return f"{self.day(at)} {local:%H:%M} ({local:%Z})"

    def clock(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def day(self, at: datetime) -> str:
        return (
            f"{at.astimezone(self.zone):%Y-%m-%d}" if self.language == "en" else f"{at.astimezone(self.zone):%d/%m/%Y}"
        )

    def number(self, value: float, digits: int = 0) -> str:
        written = f"{value:.{digits}f}"
        return written if self.language == "en" else written.replace(".", ",")

    def metres(self, value: float | None) -> str:
        return self.text("papers.not_said") if value is None else f"{self.number(value)} m"

    def duration(self, span: timedelta | None) -> str:
        if span is None:
            return self.text("papers.not_said")
        minutes, seconds = divmod(round(span.total_seconds()), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}"

    def said(self, text: str | None) -> str:
        return text or self.text("papers.not_said")
