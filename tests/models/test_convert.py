"""The published package becomes the same ONNX files everywhere; anything else is refused in one line."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from models import ModelError, catalogue, centernet, convert, npm_package, tfjs_graph

ENTRY = catalogue.CENTERNET_COCO
GRAPH, WEIGHTS = ENTRY.source.sha256


def npm_file(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def test_the_same_bytes_come_out_every_time(built: Path, package: Path, tmp_path: Path) -> None:
    [card] = convert.convert(ENTRY, [320], tmp_path, package=package, say=lambda _: None)
    assert (tmp_path / card.file).read_bytes() == (built / card.file).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["centernet-coco-320.json", "centernet-coco-320.onnx"]


def test_the_card_says_what_the_file_is_and_where_it_comes_from(built: Path) -> None:
    card = catalogue.read_card(built / "centernet-coco-320.json")
    assert card.sha256 == catalogue.file_sha256(built / card.file)
    assert card.size_bytes == (built / card.file).stat().st_size
    assert (card.name, card.input_px, card.layout, card.confidence) == ("centernet-coco", 320, "boxes", 0.30)
    assert (card.source.package, card.source.version) == ("@vladmandic/human", "3.3.6")
    assert card.source.sha256 == dict(ENTRY.source.sha256)
    assert card.licence.startswith("MIT")
    assert (len(card.labels), card.labels[0], card.labels[-1]) == (80, "person", "toothbrush")


def test_a_kept_package_is_used_without_npm(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / npm_package.file_name(ENTRY.source)).symlink_to(package)
    monkeypatch.setenv("TALAIA_NPM", "no-such-npm")
    said: list[str] = []
    convert.convert(ENTRY, [128], tmp_path, say=said.append)
    assert len(said) == 1
    assert "centernet-coco-128.onnx" in said[0]


def test_fetch_keeps_the_checked_package(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that puts the package where npm would stands for npm here; the `package` fixture uses the real one."""
    monkeypatch.setenv("TALAIA_NPM", f"sh -c 'cp {package} {npm_package.file_name(ENTRY.source)}'")
    kept = convert.fetch(ENTRY, tmp_path / "kept", say=lambda _: None)
    assert kept == tmp_path / "kept" / "vladmandic-human-3.3.6.tgz"
    assert kept.read_bytes() == package.read_bytes()


def test_changed_weights_are_refused_and_nothing_is_written(published: dict[str, bytes], tmp_path: Path) -> None:
    changed = published | {WEIGHTS: published[WEIGHTS][:-1] + b"\x00"}
    package = npm_file(tmp_path / "changed.tgz", changed)
    with pytest.raises(ModelError, match=r"centernet.bin has SHA-256 \w{64}, not 1b635a15\w+; it is not used"):
        convert.convert(ENTRY, [320], tmp_path / "out", package=package, say=lambda _: None)
    assert not (tmp_path / "out").exists()


def test_another_package_is_refused(tmp_path: Path) -> None:
    package = npm_file(tmp_path / "other.tgz", {"package/package.json": b"{}"})
    with pytest.raises(ModelError, match=r"is not @vladmandic/human@3.3.6: it holds no package/models/centernet.json"):
        npm_package.read_verified(package, ENTRY.source)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00"])
def test_a_file_that_is_no_package_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tgz").write_bytes(content)
    with pytest.raises(ModelError, match=r"is no npm package that can be read"):
        npm_package.read_verified(tmp_path / "x.tgz", ENTRY.source)


def test_a_truncated_package_is_refused(package: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.tgz").write_bytes(package.read_bytes()[:5_000_000])
    with pytest.raises(ModelError, match=r"is no npm package that can be read"):
        npm_package.read_verified(tmp_path / "cut.tgz", ENTRY.source)


@pytest.mark.parametrize(
    ("npm", "words"),
    [
        ("no-such-npm", "there is no no-such-npm here; install Node.js"),
        ("false", "with npm: no reason given"),
        ("true", "npm said nothing of an error but left no vladmandic-human-3.3.6.tgz"),
        (
            "sh -c 'echo npm error code ENOTFOUND >&2; echo npm error network is down >&2; exit 1'",
            "3.3.6 with npm: network is down",
        ),
    ],
)
def test_a_failing_npm_gives_one_line(npm: str, words: str) -> None:
    with (
        pytest.raises(ModelError, match=r"^cannot fetch @vladmandic/human") as caught,
        npm_package.fetched(ENTRY.source, {"TALAIA_NPM": npm}),
    ):
        pass
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("topology", "weights"),
    [
        (b"", b""),
        (b"[]", b""),
        (b'{"modelTopology": {"node": []}}', b""),
        (b'{"modelTopology": {"node": []}, "weightsManifest": []}', b"more"),
        (
            b'{"modelTopology": {"node": []}, "weightsManifest": [{"weights": [{"shape": [9], "dtype": "float32"}]}]}',
            b"few",
        ),
    ],
)
def test_files_that_are_no_graph_are_refused(topology: bytes, weights: bytes) -> None:
    with pytest.raises(ModelError, match=r"no TensorFlow.js graph"):
        tfjs_graph.read(topology, weights)


def test_an_operation_that_is_not_known_is_refused(graph: tfjs_graph.Graph) -> None:
    strange = tfjs_graph.Node(centernet.KEYPOINTS, "Softplus", ("tower_0/Sigmoid",), {})
    changed = tfjs_graph.Graph(graph.nodes | {centernet.KEYPOINTS: strange}, graph.constants)
    with pytest.raises(ModelError, match=r"an operation that is not known here: Softplus \(tower_0/keypoints\)"):
        centernet.build(changed, 320)
