"""Every problem that a page may meet is said in the person's language."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import control_room
from control_room import problems
from wire.live import LiveRefusal

ROOM = Path(control_room.__file__).parent
LANGUAGES = ("ca", "es", "en")
OF_PROGRAMS = frozenset(
    {
        "already-evidence",
        "already-there",
        "another-devices-evidence",
        "bad-interval",
        "bad-proof",
        "checksum-mismatch",
        "clock-off",
        "final-upload",
        "malformed-sdp",
        "not-announced",
        "not-as-announced",
        "not-asked",
        "not-enrolled",
        "not-sdp",
        "other-device",
        "other-keys",
        "other-offset",
        "other-tus-version",
        "too-many-bytes",
        "unfinished-parts",
        "upload-locked",
        "wrong-checksum-header",
        "wrong-code",
        "wrong-upload",
    }
)
"""Devices, uploads and map programs meet these, and speak English."""

OF_SETTINGS = "setting"
"""Of an administrator's file, said by a command."""


def _locale(language: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOM / f"ui/locales/{language}.json").read_text(encoding="utf-8"))
    return content


def _problems(of: type[problems.ProblemError] = problems.ProblemError) -> Iterator[type[problems.ProblemError]]:
    for one in of.__subclasses__():
        yield one
        yield from _problems(one)


@pytest.fixture(scope="module")
def names() -> set[str]:
    for module in pkgutil.walk_packages(control_room.__path__, "control_room."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {one.name for one in _problems() if one.name and one.__module__.startswith("control_room.")}


def _kinds() -> set[str]:
    """Of faults that the room finds itself."""
    found = set()
    features = [folder for folder in ROOM.iterdir() if folder.name != "ui"]
    for file in (*ROOM.glob("*.py"), *(file for folder in features for file in folder.rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called == "PydanticCustomError":
                found |= {ast.literal_eval(node.args[0])} - {OF_SETTINGS}
            elif called.endswith("FaultDocument"):
                said = [each.value for each in node.keywords if each.arg == "kind"]
                found |= {ast.literal_eval(each) for each in said if isinstance(each, ast.Constant)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_problem_has_its_words(names: set[str], language: str) -> None:
    assert len(names) > 100
    said = _locale(language)["problem_says"]
    assert names - OF_PROGRAMS - said.keys() == set(), "say them in the locale files, or name them in OF_PROGRAMS"
    assert OF_PROGRAMS - names == set(), "no problem has these names any more"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_fault_that_the_room_finds_has_its_words(language: str) -> None:
    kinds = _kinds()
    assert {"no_ground", "not_cancellable"} <= kinds
    assert kinds - _locale(language)["fault_says"].keys() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_name_only_what_a_fault_tells(language: str) -> None:
    for kind, words in _locale(language)["fault_says"].items():
        assert set(re.findall(r"{(\w+)}", words)) <= problems.ALLOWED, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_refusal_of_a_device_has_its_words(language: str) -> None:
    assert _locale(language)["live_refusal"].keys() == set(LiveRefusal.__args__)  # type: ignore[attr-defined]
