"""`talaia-models` as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models import cli


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALAIA_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["bake"], "invalid choice: 'bake'"),
        (["convert", "--input-px", "300"], "300; allowed: a multiple of 32, 128 to 1280"),
        (["bench", "--pictures", "0"], "0; allowed: 1 or more"),
        (["evaluate"], "required: folder"),
    ],
)
def test_a_wrong_command_line_gives_one_line_and_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    said = capsys.readouterr()
    assert caught.value.code == 2
    assert said.out == ""
    assert words in said.err
    assert said.err.count("\n") == 1


def test_a_failure_gives_one_line_and_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cli.main(["convert", "--package", str(tmp_path / "no.tgz")]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("talaia-models: ")
    assert said.err.count("\n") == 1


def test_convert_then_list_then_bench(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["convert", "--input-px", "320", "--package", str(package)]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["list", "--json"]) == 0
    listed = {(each["name"], each["input_px"]): each for each in json.loads(capsys.readouterr().out)}
    assert {one: each["state"] for one, each in listed.items()} == {
        ("centernet-coco", 320): "built",
        ("centernet-coco", 512): "not built",
        ("centernet-coco", 640): "not built",
        ("centerface", 640): "not built",
        ("centernet-features", 160): "not built",
    }
    assert listed["centernet-coco", 320]["path"] == str(tmp_path / "cache/models/centernet-coco-320.onnx")
    assert cli.main(["bench", "--backend", "onnxruntime", "--input-px", "320", "--pictures", "2", "--json"]) == 0
    [measured] = json.loads(capsys.readouterr().out)
    assert (measured["backend"], measured["input_px"], measured["n"]) == ("onnxruntime", 320, 2)
    assert 0 < measured["min_ms"] <= measured["p50_ms"] <= measured["p99_ms"]
    assert measured["rss_bytes"] > 50e6


def test_bench_of_a_model_that_is_not_built_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--backend", "onnxruntime", "--input-px", "512"]) == 1
    assert "run: talaia-models convert --input-px 512" in capsys.readouterr().err
