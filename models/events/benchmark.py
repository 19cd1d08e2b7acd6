"""Runs the agent, and what it is compared with, over a folder of clips."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from models.events import alerts, scores, truth
from models.events import baselines as plain_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from models.events.alerts import Heard
    from models.events.scores import Judged
    from models.events.truth import Clip
    from vision.rules.illegal_dumping import IllegalDumpingSettings


class Listener(Protocol):
    """Whatever tells alerts of a clip: the agent, or a baseline."""

    def hear(self, clip: Clip) -> Heard: ...


@dataclass(frozen=True, slots=True)
class Results:
    """Of one listener over a folder."""

    rules: tuple[str, ...]
    settings: IllegalDumpingSettings
    judged: list[Judged]

    @property
    def broken(self) -> list[Judged]:
        return [one for one in self.judged if one.heard.broken is not None]

    def fields(self) -> dict[str, Any]:
        return {
            "settings": {"unattended_s": self.settings.unattended_s, "settled_s": self.settings.settled_s},
            "rules": {rule: scores.score(rule, self.judged).fields() for rule in self.rules},
            "broken": {one.clip.name: one.heard.broken for one in self.broken},
            "clips": [scores.clip_fields(one, self.settings) for one in self.judged],
        }


def run(
    clips: Sequence[Clip],
    listener: Listener,
    rules: tuple[str, ...],
    settings: IllegalDumpingSettings,
    *,
    jobs: int,
    progress: Callable[[int, int], None],
) -> Results:
    """Let the listener hear each clip, `jobs` of them at a time."""
    heard: list[Heard] = []
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        for number, one in enumerate(pool.map(listener.hear, clips), 1):
            heard.append(one)
            progress(number, len(clips))
    finally:
        pool.shutdown(cancel_futures=True)
    judged = [scores.judge(clip, one, settings) for clip, one in zip(clips, heard, strict=True)]
    return Results(rules, settings, judged)


def agent(
    clips: Sequence[Clip], analyser: alerts.Analyser, *, jobs: int, progress: Callable[[int, int], None]
) -> Results:
    return run(clips, analyser, analyser.rules, alerts.dumping_settings(analyser), jobs=jobs, progress=progress)


def baselines(
    clips: Sequence[Clip], settings: IllegalDumpingSettings, *, jobs: int, progress: Callable[[int, int], None]
) -> dict[str, Results]:
    """They know dumping only."""
    return {
        name: run(clips, listener, (truth.DUMPING,), settings, jobs=jobs, progress=progress)
        for name, listener in plain_ways.make(settings).items()
    }


def fields(folder: Path, results: Results, beside: Mapping[str, Results]) -> dict[str, Any]:
    """What `--json` prints."""
    told = {"folder": str(folder), **results.fields()}
    return told | ({"baselines": {name: one.fields() for name, one in beside.items()}} if beside else {})
