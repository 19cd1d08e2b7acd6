"""What `talaia-edge analyse` is to do, out of its files and options."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from edge import config, rule_tables
from edge.errors import ConfigurationError
from edge.explain import explain
from edge.sections import DetectorSection
from vision.rules.registry import KINDS
from vision.rules.smoke_fire import SmokeFire
from vision.zones import Zone, ZoneFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DEVICE = "analyse"
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.-]")
_ID_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True)
class Plan:
    """One camera's settings, of which the source does not matter, and the rules that are wanted."""

    device_id: str
    camera: config.CameraSection
    detector: DetectorSection
    only: list[str] | None
    """None: those that the configuration enables."""


def make(
    video: Path,
    *,
    config_file: Path | None,
    camera_id: str | None,
    zones_file: Path | None,
    only: str | None,
    changes: Sequence[str],
) -> Plan:
    """Without a configuration: the whole picture, and every rule at its default but the one that needs a model.

    Raises:
        ConfigurationError: one line.
    """
    if config_file is None:
        if camera_id is not None:
            raise ConfigurationError(f"--camera: got {camera_id!r}; allowed: only together with -c FILE")
        name = _NOT_IN_AN_ID.sub("-", video.stem).lstrip("-_.")[:_ID_LENGTH_MAX] or "video"
        camera = config.CameraSection(id=name, name=name, source=f"file:{name}")
        plan = Plan(_DEVICE, camera, DetectorSection(), [name for name in KINDS if name != SmokeFire.name])
    else:
        settings = config.load(config_file)
        plan = Plan(settings.device.id, _choose(settings, camera_id), settings.detector, None)
    wanted: dict[str, Any] = {"rules": _changed(plan.camera.rules, changes)}
    if zones_file is not None:
        wanted["zones"] = read_zones(zones_file)
    camera = plan.camera.model_copy(update=wanted)
    return Plan(plan.device_id, camera, plan.detector, plan.only if only is None else _names(only))


def read_zones(path: Path) -> list[Zone]:
    """Read `{"zones": [...]}`.

    Raises:
        ConfigurationError: one line.
    """
    try:
        content = json.loads(path.read_bytes())
        return ZoneFile.model_validate(content).zones
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {explain(error, content, ZoneFile)}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is no JSON: {error}") from None


def _choose(settings: config.Settings, camera_id: str | None) -> config.CameraSection:
    ids = [camera.id for camera in settings.camera]
    if camera_id is None and len(ids) == 1:
        return settings.camera[0]
    if camera_id not in ids:
        raise ConfigurationError(f"--camera: got {camera_id or 'nothing'}; allowed: one of {', '.join(ids)}")
    return settings.camera[ids.index(camera_id)]


def _names(only: str) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in KINDS]
    if unknown or not names:
        raise ConfigurationError(f"--rules: got {unknown[0] if unknown else only!r}; allowed: {', '.join(KINDS)}")
    return names


def _changed(section: BaseModel, changes: Sequence[str]) -> BaseModel:
    content = section.model_dump()
    for change in changes:
        path, equals, text = change.partition("=")
        rule, dot, key = path.strip().partition(".")
        if not (equals and dot and key):
            raise ConfigurationError(f"--set: got {change!r}; allowed: RULE.KEY=VALUE")
        content.setdefault(rule, {})[key] = _value(text.strip())
    try:
        return rule_tables.SECTION.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(f"--set {explain(error, content, rule_tables.SECTION)}") from None


def _value(text: str) -> Any:
    """As TOML writes it; a bare word is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
