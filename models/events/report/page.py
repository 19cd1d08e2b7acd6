"""The page itself, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.events import scores
from models.events.report import counts
from models.events.truth import DUMPING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from models.events.report.counts import Part

WAYS = {
    counts.AGENT: "Talaia",
    "coco_box_that_stays": "a COCO box that stays",
    "blob_timer": "a blob timer",
}
DRAWINGS_MAX = 24

_HEAD = """# How well dumping is found

Written by `talaia-models accuracy` on {date} with version {version}; do not edit it. How an alert is matched to a
label, what the two baselines are and how this page is made anew:
[docs/design/evaluation.md](../design/evaluation.md).

Counts first; in brackets the 95 % interval of a share by Wilson's formula. For false alarms the one-sided 95 % bound of
the rate; with none seen it is the rule of three, 3 / hours. An alert that is on the thing but outside its window of
time counts as **missed and as false**; "on it at all" leaves the time aside. The three ways saw the same clips. The
baselines wait as long as the rule does and know no owner, so on time they are at a disadvantage that "on it at all"
takes away. Conditions with more than {words} different words, such as the name of a background, are left out.
"""

_LIMITS = """## What this does not say

- Staged scenes are pasted pictures: they hold what their writer thought of. Their intervals speak of such scenes, not
  of a town's streets.
- No night, no infra-red, no drone and no rain of the real kind is in them.
- Clips of one background or one walker fail together: the intervals take each event for independent and are too narrow.

Drawings: green is the label and its window of time, blue an alert that counts, red a false one. The clips' own pictures
are not published; `--report DIR` writes them for whoever has the clips.
"""


def page(parts: Sequence[Part], drawings: Mapping[tuple[str, str], str], *, date: str, version: str) -> str:
    """`drawings`: by part and clip, the address of a drawing as the page names it."""
    lines = [_HEAD.format(date=date, version=version, words=counts.WORDS_MAX)]
    lines += _results(parts)
    for part in parts:
        lines += _conditions(part)
    for part in parts:
        lines += _negatives(part)
    lines += ["## Every failure", ""]
    for part in parts:
        lines += _failures(part, drawings)
    lines.append(_LIMITS)
    return "\n".join(lines)


def _results(parts: Sequence[Part]) -> Iterator[str]:
    yield "## Results\n"
    yield "| clips | hours | way | found | on it at all | false | false an hour, at most | to alert p50 / p90 s |"
    yield "|---|---|---|---|---|---|---|---|"
    for part in parts:
        for way, results in part.ways().items():
            score = results["rules"].get(DUMPING)
            if score is None:
                continue
            found = counts.Found(score["found"], score["labelled"])
            bound = scores.rate_bound(score["false"], score["hours"])
            waits = " / ".join("-" if each is None else f"{each:.1f}" for each in score["time_to_alert_s"].values())
            cells = [
                f"{part.name} ({len(results['clips'])})",
                f"{score['hours']:.2f}",
                WAYS.get(way, way),
                found.text(),
                counts.at_all(results).text(),
                str(score["false"]),
                "-" if bound is None else f"{bound:.1f}",
                waits,
            ]
            yield f"| {' | '.join(cells)} |"
    yield ""


def _conditions(part: Part) -> Iterator[str]:
    table = counts.by_condition(part)
    if not table:
        return
    ways = list(part.ways())
    yield f"## {part.name}: found, by condition\n"
    yield f"| condition | | {' | '.join(WAYS.get(way, way) for way in ways)} |"
    yield f"|---|---|{'---|' * len(ways)}"
    for (key, value), row in table.items():
        yield f"| {key} | {value} | {' | '.join(row.get(way, counts.Found()).text() for way in ways)} |"
    yield ""


def _negatives(part: Part) -> Iterator[str]:
    table = counts.negatives(part)
    if not table:
        return
    ways = list(part.ways())
    yield f"## {part.name}: false alarms where nothing is left, by condition\n"
    yield f"| condition | | clips | minutes | {' | '.join(WAYS.get(way, way) for way in ways)} |"
    yield f"|---|---|---|---|{'---|' * len(ways)}"
    for (key, value), row in table.items():
        false = " | ".join(str(row.false.get(way, 0)) for way in ways)
        yield f"| {key} | {value} | {row.clips} | {row.hours * 60:.1f} | {false} |"
    yield ""


def failed(clip: Mapping[str, Any]) -> bool:
    return any(event["verdict"] == "missed" for event in clip["events"]) or counts.false_alarms(clip) > 0


def _failures(part: Part, drawings: Mapping[tuple[str, str], str]) -> Iterator[str]:
    clips = [clip for clip in part.results["clips"] if failed(clip) or clip["broken"]]
    yield f"### {part.name}: {len(clips) or 'none'}\n"
    for clip in clips:
        yield f"- `{clip['clip']}`" + (f": broken: {clip['broken']}" if clip["broken"] else "")
        for event in clip["events"]:
            if event["verdict"] == "missed":
                begin, end = event["window_s"]
                yield f"  - missed, window {begin:.1f} to {end:.1f} s: {event['what'] or 'a thing'}; {event['why']}"
        for alert in clip["opened"]:
            if alert["verdict"] == "false":
                yield f"  - false at {alert['media_time_s']:.1f} s, confidence {alert['confidence']:.2f}"
        address = drawings.get((part.name, clip["clip"]))
        if address is not None:
            yield f"\n  ![label boxes, alerts and the time line of {clip['clip']}]({address})\n"
    yield ""
