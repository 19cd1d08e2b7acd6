"""What the agent says of a clip: `talaia-edge analyse` run as a command, and the lines that it printed."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from models.errors import ModelError, UsageError
from models.events import truth
from vision.rules.illegal_dumping import IllegalDumpingSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.events.truth import Clip
    from vision.geometry import Box

_WRONG_USAGE = 2
_LIMIT_S, _LIMIT_SHARE = 600, 30
"""A clip's analysis is given up after so long, or so many times its length, whichever is more."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One event that was opened."""

    rule: str
    at_s: float
    """Media time at which it was told."""
    box: Box | None
    """Of its first object, in 0..1 of the picture."""
    confidence: float
    began_s: float | None = None
    attributes: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """All that was opened in one clip, and why the clip could not be read to its end, if so."""

    alerts: list[Alert]
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Analyser:
    """The agent's command with its options, the same for every clip."""

    rules: tuple[str, ...]
    config: Path | None = None
    camera: str | None = None
    zones: Path | None = None
    changes: tuple[str, ...] = ()

    def hear(self, clip: Clip) -> Heard:
        """Analyse one clip.

        Raises:
            UsageError: the agent refuses the options.
        """
        limit_s = max(_LIMIT_S, _LIMIT_SHARE * clip.duration_s)
        try:
            done = subprocess.run(  # noqa: S603 -- our own command, by a list of words
                self.command(clip.path), capture_output=True, text=True, timeout=limit_s, check=False
            )
        except subprocess.TimeoutExpired:
            return Heard([], f"not analysed within {limit_s:.0f} s")
        except OSError as error:
            raise ModelError(f"cannot run {self.command(clip.path)[0]}: {error.strerror}") from error
        if done.returncode == _WRONG_USAGE:
            raise UsageError(_last_line(done.stderr))
        heard = opened(done.stdout)
        return Heard(heard, _last_line(done.stderr) if done.returncode else None)

    def command(self, video: Path) -> list[str]:
        words = [str(Path(sys.executable).with_name("talaia-edge")), "analyse", str(video)]
        words += ["--rules", ",".join(self.rules)]
        for option, value in (("-c", self.config), ("--camera", self.camera), ("--zones", self.zones)):
            words += [option, str(value)] if value is not None else []
        for change in self.changes:
            words += ["--set", change]
        return words


def opened(lines: str) -> list[Alert]:
    """Read the messages of phase `opened`."""
    alerts = []
    for line in lines.splitlines():
        try:
            message = json.loads(line)
            if message["phase"] != "opened":
                continue
            attributes = message["attributes"]
            box = message["objects"][0]["box"] if message["objects"] else None
            alerts.append(
                Alert(
                    rule=message["rule"],
                    at_s=float(attributes["media_time_s"]),
                    box=None if box is None else (box[0], box[1], box[2], box[3]),
                    confidence=float(message["confidence"]),
                    began_s=attributes.get("began_media_time_s"),
                    attributes=attributes,
                )
            )
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ModelError(f"talaia-edge analyse printed a line that is no event: {line[:80]!r}") from error
    return alerts


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return lines[-1] if lines else "it says no reason"


def dumping_settings(analyser: Analyser) -> IllegalDumpingSettings:
    """Give the settings of the dumping rule as the command will use them; what else is wrong the command says."""
    wanted: dict[str, Any] = _configured(analyser) if analyser.config is not None else {}
    for change in analyser.changes:
        path, _, text = change.partition("=")
        rule, _, key = path.strip().partition(".")
        if rule == truth.DUMPING:
            wanted[key] = _value(text.strip())
    known = {key: value for key, value in wanted.items() if key in IllegalDumpingSettings.model_fields}
    try:
        return IllegalDumpingSettings.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, (truth.DUMPING, *first["loc"])))
        raise UsageError(f"{key}: got {first['input']!r}; {first['msg']}") from None


def _configured(analyser: Analyser) -> dict[str, Any]:
    """The rule's table of the chosen camera, or of the only one."""
    assert analyser.config is not None  # noqa: S101 -- asked for with one only
    try:
        content = tomllib.loads(analyser.config.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{analyser.config}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{analyser.config}: is no TOML: {error}") from None
    cameras = content.get("camera", [])
    for camera in cameras if isinstance(cameras, list) else []:
        if isinstance(camera, dict) and camera.get("id") == (analyser.camera or camera.get("id")):
            table = camera.get("rules", {}).get(truth.DUMPING, {})
            return dict(table) if isinstance(table, dict) else {}
    return {}


def _value(text: str) -> Any:
    """As TOML writes it; a bare word is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def wanted_rules(clips: Sequence[Clip]) -> tuple[str, ...]:
    """Those that are labelled somewhere; where nothing is, dumping."""
    labelled = {label.rule for clip in clips for label in clip.labels}
    return tuple(sorted(labelled)) or (truth.DUMPING,)
