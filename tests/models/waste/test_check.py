"""The committed head belongs to the backbone that is built and tells waste from other things."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models import ModelError, catalogue, convert
from models.waste import check, crops, head, samples
from vision import waste
from vision.geometry import Box
from vision.rules.base import Phase, RuleEvent, RuleObject

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"


@pytest.fixture(scope="module")
def folder(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the backbone."""
    out = tmp_path_factory.mktemp("features")
    convert.convert(catalogue.CENTERNET_COCO, [], out, package=package, with_features=True, say=lambda _: None)
    return out


def test_the_head_belongs_to_the_backbone_that_is_built(folder: Path) -> None:
    features = catalogue.locate_features(folder)
    assert features.sha256 == head.read().features_sha256
    assert features.card is not None
    assert features.card.layout == "features"


def test_it_judges_a_box_of_a_picture(folder: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (120, 200, 3), np.uint8)
    judged = [check.load(folder).probability(picture, box) for box in ((0.1, 0.1, 0.5, 0.5), (0.9, 0.9, 1.0, 1.0))]
    assert all(0 <= each <= 1 for each in judged)
    assert judged[0] != judged[1]


@pytest.mark.data
def test_waste_scores_above_other_things(folder: Path) -> None:
    """Every eighth crop of the half that it was not trained on; the whole half gives the figure of its card."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not here")
    found = samples.read(DATA, "test")[::8]
    trained = head.read()
    backbone = check.Backbone(catalogue.locate_features(folder))
    rows = np.array([backbone.features(each.crop) for each in found])
    told = check.Check(backbone, trained).judge(rows)
    truth = np.array([each.is_waste for each in found])
    assert np.median(told[truth]) > 0.85
    assert np.median(told[~truth]) < 0.15
    assert trained.card.measured.area_under_roc["all"] > 0.9


@pytest.mark.data
def test_no_picture_is_in_both_halves() -> None:
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not here")
    trained, tested = ({each.picture for each in samples.read(DATA, half)} for half in ("train", "test"))
    assert trained & tested == set()


def test_a_head_of_another_backbone_or_a_damaged_one_is_refused(folder: Path, tmp_path: Path) -> None:
    backbone = check.Backbone(catalogue.locate_features(folder))
    other = head.read().model_copy(update={"features_sha256": "0" * 64})
    with pytest.raises(ModelError, match=r"was trained on other features: SHA-256 000000000000..., not"):
        check.Check(backbone, other)
    (tmp_path / "head.json").write_text(json.dumps({"name": "waste"}))
    with pytest.raises(ModelError, match=r"head.json is damaged \(.*\); run: talaia-models train-waste-check"):
        head.read(tmp_path / "head.json")
    with pytest.raises(ModelError, match=r"centernet-features is not built for 160 px .*; run: talaia-models convert$"):
        check.load(tmp_path)


def test_a_crop_is_square_around_the_box_and_grey_outside_the_picture() -> None:
    picture = np.full((100, 200, 3), 10, np.uint8)
    inside = crops.cut(picture, (0.4, 0.4, 0.6, 0.6))
    assert inside.shape == (crops.CROP_PX, crops.CROP_PX, 3)
    assert (inside == 10).all()
    corner = crops.cut(picture, (0.0, 0.0, 0.1, 0.2))
    assert corner[0, 0].tolist() == [114, 114, 114]
    assert corner[-1, -1].tolist() == [10, 10, 10]


class Half:
    """A check that says one half."""

    def probability(self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], box: Box) -> float:
        del image, box
        return 0.5


def event(rule: str = "illegal_dumping", phase: Phase = "opened", *, things: int = 1) -> RuleEvent:
    thing = RuleObject("thing", "unknown", None, 0.5, (0.1, 0.1, 0.2, 0.2))
    return RuleEvent(rule, 1, phase, 5.0, "high", 0.5, [thing] * things, attributes={"how": "unknown"})


def test_only_a_thing_that_is_there_is_noted() -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    noted = waste.noted(event(), Half(), picture)
    assert noted.attributes == {"how": "unknown", "waste_probability": 0.5}
    for other in (event(rule="loitering"), event(phase="closed"), event(things=0)):
        assert waste.noted(other, Half(), picture) is other
    assert waste.noted(event(), None, picture).attributes == {"how": "unknown"}
