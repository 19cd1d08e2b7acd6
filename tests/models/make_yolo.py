"""Makes a small YOLO with random weights, as `.pt` and as its ONNX export: `python make_yolo.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch  # type: ignore[import-not-found]
from ultralytics import YOLO  # type: ignore[import-not-found]


def main(folder: str) -> None:
    torch.manual_seed(7)
    path = Path(folder) / "yolo.pt"
    yolo = YOLO("yolov8n.yaml")
    give_it_a_signal(yolo.model)
    yolo.save(path)
    YOLO(path).export(format="onnx", imgsz=128, simplify=False)


def give_it_a_signal(network: torch.nn.Module) -> None:
    """Set the normalisations by patches that go through, and spread the scores, which a new head keeps near 0."""
    for branch in network.model[-1].cv3:
        torch.nn.init.normal_(branch[-1].weight, std=1.0)
        torch.nn.init.constant_(branch[-1].bias, -3.0)
    network.train()
    with torch.no_grad():
        for _ in range(20):
            patches = torch.rand(4, 3, 8, 8)
            network(torch.nn.functional.interpolate(patches, (128, 128), mode="bicubic").clamp(0, 1))
    network.eval()


if __name__ == "__main__":
    main(sys.argv[1])
