"""The benchmark's record: figures replace those of the same name and both files say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import figures


def test_a_new_figure_takes_the_place_of_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures.record([figures.Figure("b", 2.0, "s"), figures.Figure("a", 1.0, "s")], tmp_path)
    figures.record([figures.Figure("b", 4321.0, "rows/s", baseline="COPY", ratio=0.5, aim="0.4", met=True)], tmp_path)
    rows = json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))
    assert [(row["name"], row["value"], row["ratio"]) for row in rows] == [("a", 1.0, None), ("b", 4321.0, 0.5)]
    assert "| b | 4321 rows/s |  |  | 1 | COPY | 0.5 | 0.4 | yes |" in (tmp_path / "benchmarks.md").read_text("utf-8")
    assert [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()] == ["b", "a", "b"]


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (figures.percentile(values, 0.5), figures.percentile(values, 0.99)) == (50.0, 99.0)
    assert figures.percentile([7.0], 0.99) == 7.0
