"""Writes control_room/ui/src/api/openapi.json, from which the UI takes its types: `python -m control_room.openapi`.

A test compares what stands there with what this makes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from control_room import app as room_app
from control_room import problems
from control_room.stream import routes as stream

if TYPE_CHECKING:
    from fastapi import FastAPI

FILE = Path(__file__).parent / "ui" / "src" / "api" / "openapi.json"
_REFERENCE = "#/components/schemas/{model}"


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of the application, with the models that FastAPI does not see: problems and the stream's events."""
    described = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    models = (problems.ProblemDocument, *stream.EVENT_MODELS)
    _, more = models_json_schema([(model, "serialization") for model in models], ref_template=_REFERENCE)
    for name, schema in more["$defs"].items():
        schemas.setdefault(name, schema)
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own form, which is never sent
        schemas.pop(name, None)
    for operations in described["paths"].values():
        for operation in operations.values():
            if "HTTPValidationError" in json.dumps(operation["responses"].get("422", {})):
                operation["responses"] |= {"422": problems.responses(422)[422]}
    return described


def text() -> str:
    return json.dumps(document(room_app.routed()), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    sys.stderr.write(f"{FILE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
