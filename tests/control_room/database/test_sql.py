"""The loader of named statements refuses what would be found out too late."""

from __future__ import annotations

from pathlib import Path

import pytest

import control_room
from control_room.database import sql

GOOD = """-- first --
-- What it is for
SELECT 1
    AS one;

-- second --
-- Another
-- on two lines
SELECT 2;
"""


def test_statements_by_name() -> None:
    assert sql.parse(GOOD, "x") == {"first": "SELECT 1\n    AS one", "second": "SELECT 2"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("SELECT 1;\n", "before the first name"),
        ("-- a --\nSELECT 1;\n", "does not say what it is for"),
        ("-- a --\n-- why\n", "is empty"),
        ("-- a --\n-- why\nSELECT 1;\n-- a --\n-- why\nSELECT 1;\n", "there twice"),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused(text: str, fault: str) -> None:
    with pytest.raises(sql.QueryFileError, match=fault):
        sql.parse(text, "x.sql")


def test_every_query_file_of_the_room_is_sound() -> None:
    files = sorted(Path(control_room.__file__).parent.rglob("queries.sql"))
    assert len(files) > 3
    for file in files:
        assert sql.parse(file.read_text(encoding="utf-8"), str(file))
