"""Writes docs/reference/wire/: JSON Schema of each message and an AsyncAPI page of the topics.

Run `python -m wire.generate` after a change; a test compares what stands there with what this makes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from wire.topics import ROOT, TOPICS, Topic

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "wire"


def documents() -> dict[str, str]:
    """File name to content."""
    files = {
        f"{topic.name}.schema.json": _dump(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **topic.message.model_json_schema()}
        )
        for topic in TOPICS
    }
    return {**files, "asyncapi.json": _dump(_asyncapi())}


def _asyncapi() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Talaia: devices and control room over MQTT 5",
            "version": "1",
            "license": {"name": "AGPL-3.0-or-later"},
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": {topic.name: _operation(topic) for topic in TOPICS},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": f"{ROOT}/{{device_id}}/{topic.name}",
        "parameters": {"device_id": {}},
        "messages": {
            topic.message.__name__: {
                "contentType": "application/json",
                "payload": {"$ref": f"./{topic.name}.schema.json"},
                "x-limit-bytes": topic.limit_bytes,
                "x-usual-rate": topic.usual_rate,
            }
        },
    }


def _operation(topic: Topic) -> dict[str, Any]:
    """Seen from the device."""
    return {
        "action": "send" if topic.sender == "device" else "receive",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "bindings": {"mqtt": {"qos": topic.qos, "retain": topic.retain, "bindingVersion": "0.2.0"}},
    }


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, content in documents().items():
        (REFERENCE / name).write_text(content, encoding="utf-8")
        sys.stderr.write(f"{REFERENCE / name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
