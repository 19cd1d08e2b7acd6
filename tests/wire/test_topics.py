"""The table of topics, and the generated reference that must not be stale."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from wire import generate, topics


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_spelled_and_parsed_alike(topic: topics.Topic) -> None:
    assert topics.parse(topic.of("cabinet-1")) == ("cabinet-1", topic)
    assert topic.of_all == f"talaia/v1/+/{topic.name}"


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "talaia/v1/a",
        "talaia/v1/a/b/events",
        "talaia/v2/a/events",
        "talaia/v1/+/events",
        "talaia/v1/a/nope",
        "talaia/v1/a/events\n",
    ],
)
def test_what_is_no_topic_of_ours_is_none(spelled: str) -> None:
    assert topics.parse(spelled) is None


def test_only_the_table_spells_a_topic() -> None:
    root = generate.REFERENCE.parent.parent.parent
    spelled = [
        str(path.relative_to(root))
        for package in ("wire", "vision", "models", "edge", "control_room", "launch")
        for path in (root / package).rglob("*.py")
        if "talaia/v1" in path.read_text(encoding="utf-8") and "node_modules" not in path.parts
    ]
    assert spelled == ["wire/topics.py"]


def test_the_reference_is_what_the_code_generates() -> None:
    stale = {
        name
        for name, content in generate.documents().items()
        if not (generate.REFERENCE / name).is_file()
        or (generate.REFERENCE / name).read_text(encoding="utf-8") != content
    }
    assert stale == set(), "run `python -m wire.generate`"
    assert {path.name for path in generate.REFERENCE.iterdir()} == set(generate.documents())


def test_the_schemas_are_schemas() -> None:
    documents: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in generate.documents().items()}
    for name, document in documents.items():
        if name.endswith(".schema.json"):
            jsonschema.Draft202012Validator.check_schema(document)
    event = jsonschema.Draft202012Validator(documents["events.schema.json"])
    assert not event.is_valid({"schema": "talaia.event/1"})
