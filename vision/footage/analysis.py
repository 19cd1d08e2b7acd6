"""The whole way from a video and its telemetry to ranked places: plan, look span by span, join.

    result = analyse(path, telemetry.samples, lens, detector=detector, progress=..., kept=Kept(done, keep))

The work is cut into stages whose results are JSON: the plan, then each span of some 20 s of video. Give `kept` those
that an earlier run had finished and they are not computed, nor their video decoded, again.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vision.footage import candidates, coverage, sampling, timing
from vision.footage.flown import Flown, Lens
from vision.footage.progress import CancelledError, Kept, Progress, silent
from vision.footage.result import FootageResult, Skipped, Summary, Synchrony, read
from vision.footage.settings import Settings
from vision.footage.spans import Searcher, Span
from vision.footage.video import Facts, Footage, VideoError
from vision.georeference.ground import FlatGround, Ground

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vision.detect import Detector
    from vision.footage.revisits import Flight, Flights
    from vision.telemetry.sample import Sample

__all__ = ["CancelledError", "Plan", "VideoError", "analyse", "plan"]

_PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is looked at when. Times are the video's."""

    facts: Facts
    synchrony: Synchrony
    looks: tuple[sampling.Look, ...]
    skipped: tuple[Skipped, ...]
    span_s: float

    def spans(self) -> list[tuple[str, float, float, list[sampling.Look]]]:
        """Key, from, to and looks of each span that has any."""
        found = []
        for number in range(int(self.facts.duration_s / self.span_s) + 1):
            begin, end = number * self.span_s, (number + 1) * self.span_s
            looks = [look for look in self.looks if begin <= look.time_s < end]
            if looks:
                found.append((f"span-{number}", begin, min(end, self.facts.duration_s), looks))
        return found

    def to_json(self) -> dict[str, Any]:
        facts = asdict(self.facts)
        facts["created_at"] = None
        facts["key_times_s"] = []  # only the choice of looks needs them, and it is made
        return {
            "facts": facts,
            "synchrony": asdict(self.synchrony),
            "looks": [[round(look.time_s, 5), look.alone] for look in self.looks],
            "skipped": [asdict(one) for one in self.skipped],
            "span_s": self.span_s,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Plan:
        return cls(
            read(Facts, stored["facts"]),
            read(Synchrony, stored["synchrony"]),
            tuple(sampling.Look(time_s, alone) for time_s, alone in stored["looks"]),
            tuple(read(Skipped, one) for one in stored["skipped"]),
            stored["span_s"],
        )


def plan(
    video: Path,
    samples: Sequence[Sample],
    lens: Lens,
    *,
    ground: Ground | None = None,
    settings: Settings | None = None,
) -> Plan:
    """Lay the telemetry on the video and choose what to look at. Raise VideoError."""
    settings = settings or Settings()
    with Footage(video) as footage:
        facts = footage.facts()
        synchrony = timing.lay(footage, facts, samples, settings)
    size = facts.width_px, facts.height_px
    flown = Flown(samples, lens, size, ground or FlatGround(), synchrony.offset_s)
    looks, skipped = sampling.choose(flown, facts.duration_s, facts.key_times_s, settings)
    return Plan(facts, synchrony, tuple(looks), tuple(skipped), settings.span_s)


def analyse(
    video: Path,
    samples: Sequence[Sample],
    lens: Lens,
    *,
    ground: Ground | None = None,
    detector: Detector | None = None,
    previous: Flight | Flights | None = None,
    settings: Settings | None = None,
    progress: Progress = silent,
    kept: Kept | None = None,
) -> FootageResult:
    """Everything that a video shows on the ground.

    Args:
        video: Read only.
        samples: Its telemetry, by `vision.telemetry.formats.read`.
        lens: The camera at a sample, such as `vision.georeference.cameras.nominal`.
        ground: Level at take-off unless given (`vision.georeference.terrain.read`).
        detector: For things, vehicles and people; without one nobody is counted, nor covered.
        previous: The last flight over the same ground, to be compared with.
        settings: What is measured in docs/design/footage.md unless given.
        progress: Hears of the work and may end it.
        kept: Stages that are done, and where new ones go.

    Raises:
        VideoError: the video cannot be used; one line.
        CancelledError: `progress` returned False.
    """
    settings, kept, ground = settings or Settings(), kept or Kept(), ground or FlatGround()
    _tell(progress, "plan", 0, 1)
    stored = kept.done.get(_PLAN)
    planned = Plan.from_json(stored) if stored else plan(video, samples, lens, ground=ground, settings=settings)
    if not stored:
        kept.keep(_PLAN, planned.to_json())
    _tell(progress, "plan", 1, 1)
    size = planned.facts.width_px, planned.facts.height_px
    flown = Flown(samples, lens, size, ground, planned.synchrony.offset_s)
    searcher = Searcher(video, flown, settings, detector, previous)
    spans = _search(searcher, planned, progress, kept)
    _tell(progress, "join", 0, 1)
    result = _result(flown, planned, spans, settings)
    _tell(progress, "join", 1, 1)
    return result


def _search(searcher: Searcher, planned: Plan, progress: Progress, kept: Kept) -> list[Span]:
    """Several spans at once; whoever waits hears of each, and may stop before the next."""
    wanted = planned.spans()
    found = {key: Span.from_json(kept.done[key]) for key, *_ in wanted if key in kept.done}
    stop = threading.Event()

    def search(looks: list[sampling.Look], begin: float, end: float) -> Span | None:
        return None if stop.is_set() else searcher.search(looks, begin, end)

    with ThreadPoolExecutor(max_workers=max(1, searcher.settings.threads)) as pool:
        running = {pool.submit(search, looks, begin, end): key for key, begin, end, looks in wanted if key not in found}
        try:
            _tell(progress, "look", len(found), len(wanted))
            for each in as_completed(running):
                span = each.result()
                if span is None:
                    continue
                stored = span.to_json()
                kept.keep(running[each], stored)
                found[running[each]] = Span.from_json(stored)  # rounded as if it had been kept before
                _tell(progress, "look", len(found), len(wanted))
        finally:
            stop.set()
    return [found[key] for key, *_ in wanted]


def _tell(progress: Progress, stage: str, done: float, total: float) -> None:
    if not progress(stage, done, total):
        raise CancelledError


def _result(flown: Flown, planned: Plan, spans: list[Span], settings: Settings) -> FootageResult:
    joined = candidates.join(flown, spans, settings)
    polygons, area_m2 = coverage.covered(spans)
    people = sum(one.label == "person" for one in joined.counted)
    seconds: dict[str, float] = {}
    for span in spans:
        for stage, taken in span.seconds.items():
            seconds[stage] = round(seconds.get(stage, 0.0) + taken, 3)
    refused = [each for span in spans for each in span.refused] + list(joined.refused)
    looks = sum(len(span.looks) for span in spans)
    summary = Summary(
        round(planned.facts.duration_s, 3),
        planned.facts.width_px,
        planned.facts.height_px,
        looks,
        planned.synchrony,
        (*planned.skipped, *_stretches(refused)),
        planned.synchrony.notes if looks else (*planned.synchrony.notes, "nothing could be put on the ground"),
        len(joined.counted) - people,
        people,
        round(area_m2, 1),
        seconds,
    )
    return FootageResult(joined.candidates, joined.counted, joined.hidden, polygons, summary)


def _stretches(refused: list[tuple[float, str]]) -> list[Skipped]:
    """One for each reason: from when to when, and how often."""
    by_reason: dict[str, list[float]] = {}
    for time_s, reason in refused:
        by_reason.setdefault(reason, []).append(time_s)
    return [Skipped(min(times), max(times), reason, len(times)) for reason, times in by_reason.items()]
