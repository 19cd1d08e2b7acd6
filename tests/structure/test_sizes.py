"""Functions mostly under 35 lines, none over 80; files mostly under 400 lines."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_LINES_MAX = 80
FUNCTION_LINES_P90 = 35
FILE_LINES_P90 = 400
FILE_LINES_MAX = 600


def shipped_files(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if not name.startswith("tests/") and (ROOT / name).is_file()]


def p90(values: list[int]) -> int:
    return sorted(values)[int(0.9 * (len(values) - 1))]


def test_functions_stay_short() -> None:
    lengths: dict[str, int] = {}
    for path in shipped_files("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = (
                    (node.end_lineno or 0) - node.lineno + 1
                )
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES_MAX} == {}
    assert p90(list(lengths.values())) <= FUNCTION_LINES_P90


def test_files_stay_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n")
        for pattern in ("*.py", "*.svelte", "*.ts", "*.sql", "*.sh")
        for path in shipped_files(pattern)
        if not path.name.endswith((".d.ts", "schema.sql"))
    }
    assert {name: length for name, length in lengths.items() if length > FILE_LINES_MAX} == {}
    assert p90(list(lengths.values())) <= FILE_LINES_P90
