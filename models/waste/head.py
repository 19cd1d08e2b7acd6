"""The trained head with its card: one small JSON file, which is in the repository."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ModelError

PATH = Path(__file__).with_name("head.json")
COMMAND = "talaia-models train-waste-check"


class Measured(BaseModel):
    """On pictures and clips that the head was not trained on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crops: dict[str, int]
    """How many of each source."""
    area_under_roc: dict[str, float]
    """Waste against each source of other things, and against `all` of them."""
    found_at_false_rate: dict[str, float]
    """The share of waste found where so large a share of all others is taken for waste."""
    calibration: list[tuple[float, float, int]]
    """Of tenths of the probability: the mean told, the share of waste (both kinds weighed alike), how many crops."""


class Card(BaseModel):
    """Where it comes from and what it is worth."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str
    data: dict[str, str]
    licence: str
    trained_on: dict[str, int]
    penalty: float
    seed: int
    measured: Measured
    limits: str


class Head(BaseModel):
    """A logistic regression on the features of one exact file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    features_sha256: str
    """Of the backbone that it was trained on; another one's features mean something else."""
    weights: list[float] = Field(min_length=1)
    bias: float
    card: Card


def read(path: Path = PATH) -> Head:
    try:
        return Head.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ModelError(f"the waste check {path} cannot be read: {error.strerror}; run: {COMMAND}") from error
    except ValidationError as error:
        raise ModelError(f"the waste check {path} is damaged ({error.errors()[0]['msg']}); run: {COMMAND}") from error
