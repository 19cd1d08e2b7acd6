"""The published OpenAPI is what the application does."""

from __future__ import annotations

import json
import re
from typing import Any

from control_room import app as room_app
from control_room import openapi

METHODS = {"get", "put", "post", "delete", "patch"}


def _operations() -> dict[str, dict[str, Any]]:
    paths = openapi.document(room_app.routed())["paths"]
    return {
        f"{method.upper()} {path}": found for path, operations in paths.items() for method, found in operations.items()
    }


def test_the_file_that_the_screens_are_built_from_is_not_stale() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(), "run: python -m control_room.openapi"


def test_every_reference_leads_somewhere() -> None:
    document = openapi.document(room_app.routed())
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names - set(document["components"]["schemas"]) == set()
    assert {"ProblemDocument", "Snapshot", "AlertItem"} <= names | set(document["components"]["schemas"])
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_every_answer_is_described() -> None:
    operations = _operations()
    assert len(operations) > 20
    for operation, found in operations.items():
        answers = found["responses"]
        for status, answer in answers.items():
            content = answer.get("content", {})
            if int(status) >= 400 and operation != "GET /readyz":
                assert list(content) == ["application/problem+json"], f"{operation} {status}"
        is_public = "session" in operation or operation == "POST /api/v1/enrolments"
        if operation.partition(" ")[2].startswith("/api/") and not is_public:
            assert {"401", "403", "503"} <= set(answers), operation
