"""What the room sets of this device beside its own file: kept in the data folder, laid over the file when read."""

from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from edge.errors import ConfigurationError
from wire import message as wire_message
from wire.commands import Configure, PushedConfiguration

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "pushed_configuration.json"
_LOCAL_RECORDING = ("directory",)


class Laid(NamedTuple):
    """A file's content with what the room set laid over it."""

    content: dict[str, Any]
    unknown: list[str]
    """Cameras that the room knows and the file does not."""


def read(data_dir: Path) -> Configure | None:
    """What the room set last; None where it set nothing.

    Raises:
        ConfigurationError: the file is damaged; one line.
    """
    path = data_dir / FILE_NAME
    try:
        return Configure.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {wire_message.describe(error)}") from None


def write(data_dir: Path, wanted: Configure) -> None:
    """Beside its place and renamed, so that it is whole or not there.

    Raises:
        ConfigurationError: the disk does not take it.
    """
    path = data_dir / FILE_NAME
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            file.write(wanted.model_dump_json(by_alias=True, exclude_none=True).encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None


def lay_over(content: dict[str, Any], pushed: PushedConfiguration) -> Laid:
    """The file's content with what the room set in place of its own; addresses and secrets are never touched.

    Raises:
        ConfigurationError: a key that only the device's own file may set.
    """
    laid = copy.deepcopy(content)
    for section in ("evidence", "recording"):
        table: dict[str, Any] | None = getattr(pushed, section)
        if table is None:
            continue
        for key in _LOCAL_RECORDING if section == "recording" else ():
            if key in table:
                got = json.dumps(table[key])
                raise ConfigurationError(f"{section}.{key}: got {got}; allowed: only in the device's own file")
        laid[section] = {**laid.get(section, {}), **table}
    cameras = {camera.get("id"): camera for camera in laid.get("camera", []) if isinstance(camera, dict)}
    for camera_id, wanted in pushed.cameras.items():
        if camera_id in cameras:
            cameras[camera_id].update(wanted.model_dump(mode="json", exclude_none=True))
    return Laid(laid, sorted(set(pushed.cameras) - set(cameras)))
