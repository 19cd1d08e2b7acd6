"""The COCO detector MobileNetV3-CenterNet: from the published TensorFlow.js graph to one ONNX file.

The graph ends in two heads at a quarter of the input size: `keypoints`, the score of each class at each place, and
`wh`, the distances in pixels from that place to the left, top, right and bottom of its box. What the original does
after them (peaks by a 3x3 maximum, the best by score, overlaps suppressed) is part of the ONNX graph here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import TensorProto, helper

from models import catalogue, output
from models.onnx_translation import Builder, Translation

if TYPE_CHECKING:
    from models.tfjs_graph import Graph

PUBLISHED_PX = 512
BEST = 300
"""How many boxes come out."""

KEYPOINTS, DISTANCES = "tower_0/keypoints", "tower_0/wh"
_MIDDLE, _DEEP = "tower_0/MobilenetV3/expanded_conv_11/add", "tower_0/extern1/hard_swish/mul_1"
"""Maps of the backbone at a sixteenth (88 channels) and a 32nd (480 channels) of the input."""
FEATURES = 88 + 480
_HEAD_STRIDE_PX = 4
_OPSET = 17
_IR_VERSION = 8  # of opset 17's time, so that older runtimes read it

LABELS = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard", "cell phone",
    "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors", "teddy bear",
    "hair drier", "toothbrush",
)  # fmt: skip


def build(graph: Graph, input_px: int, layout: output.Layout = "boxes") -> bytes:
    """Make the ONNX file for square pictures: input `images` [1, 3, input_px, input_px], RGB in 0..1.

    In `boxes` the suppressed ones have score 0 and the rest are best first.
    """
    builder = _heads(graph, input_px)
    shape = _final_boxes(builder, input_px) if layout == "boxes" else _candidates(builder, input_px)
    metadata = {
        "author": "talaia-models convert",
        "batch": "1",
        "description": "MobileNetV3-CenterNet, COCO",
        "end2end": str(layout == "boxes"),
        "imgsz": str([input_px, input_px]),
        "names": str(dict(enumerate(LABELS))),
        "stride": str(catalogue.INPUT_PX_STEP),
        "task": "detect",
    }
    return serialise(builder, input_px, {"output0": shape}, metadata)


def build_heads(graph: Graph, input_px: int) -> bytes:
    """Make an ONNX file that ends in the two heads, to compare them with the original's."""
    builder = _heads(graph, input_px)
    side = input_px // _HEAD_STRIDE_PX
    outputs = {KEYPOINTS: [1, len(LABELS), side, side], DISTANCES: [1, 4, side, side]}
    return serialise(builder, input_px, outputs, {})


def build_features(graph: Graph, input_px: int) -> bytes:
    """Make an ONNX file of the backbone alone: the means of its maps, `features` [1, FEATURES], for a crop."""
    builder = _translated(graph, input_px, [_MIDDLE, _DEEP])
    builder.add("ReduceMean", [_MIDDLE], "middle", axes=[2, 3], keepdims=0)
    builder.add("ReduceMean", [_DEEP], "deep", axes=[2, 3], keepdims=0)
    builder.add("Concat", ["middle", "deep"], "features", axis=1)
    return serialise(builder, input_px, {"features": [1, FEATURES]}, {})


def _heads(graph: Graph, input_px: int) -> Builder:
    return _translated(graph, input_px, [KEYPOINTS, DISTANCES])


def _translated(graph: Graph, input_px: int, outputs: list[str]) -> Builder:
    builder = Builder()
    builder.add("Mul", ["images", builder.floats("images/range", 255.0)], "images/0..255")
    translation = Translation(graph, builder, placeholder="images/0..255", scale=input_px / PUBLISHED_PX)
    translation.run(outputs)
    return builder


def _best_places(builder: Builder, input_px: int) -> tuple[str, list[str]]:
    """Decode the places with the best scores: scores [1, 80, BEST] and x1, y1, x2, y2, each [1, 1, BEST]."""
    side = input_px // _HEAD_STRIDE_PX
    builder.add("MaxPool", [KEYPOINTS], "highest", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    builder.add("Equal", [KEYPOINTS, "highest"], "is_peak")
    builder.add("Where", ["is_peak", KEYPOINTS, builder.floats("zero", 0.0)], "peaks")
    builder.add("Reshape", ["peaks", builder.integers("flat", [1, len(LABELS), side * side])], "place_scores")
    builder.add("ReduceMax", ["place_scores"], "place_best", axes=[1], keepdims=0)
    best, top = [builder.integers("best", [BEST])], ["place_value", "place_index"]
    builder.nodes.append(helper.make_node("TopK", ["place_best", *best], top, name="top_places", axis=1))
    builder.add("Reshape", ["place_index", builder.integers("vector", [-1])], "place")
    builder.add("Gather", ["place_scores", "place"], "scores", axis=2)
    builder.add("Reshape", [DISTANCES, builder.integers("flat_distances", [1, 4, side * side])], "place_distances")
    builder.add("Gather", ["place_distances", "place"], "distances", axis=2)
    builder.nodes.append(
        helper.make_node("Split", ["distances"], ["left", "top", "right", "bottom"], name="sides", axis=1)
    )
    width = builder.integers("places_a_row", side)
    builder.add("Mod", ["place", width], "column")
    builder.add("Div", ["place", width], "row")
    for axis, index in (("x", "column"), ("y", "row")):
        builder.add("Cast", [index], f"{axis}_cells", to=TensorProto.FLOAT)
        builder.add("Mul", [f"{axis}_cells", builder.floats("head_stride", float(_HEAD_STRIDE_PX))], axis)
    builder.add("Sub", ["x", "left"], "x1")
    builder.add("Sub", ["y", "top"], "y1")
    builder.add("Add", ["x", "right"], "x2")
    builder.add("Add", ["y", "bottom"], "y2")
    return "scores", ["x1", "y1", "x2", "y2"]


def _candidates(builder: Builder, input_px: int) -> list[int]:
    scores, _ = _best_places(builder, input_px)
    for axis in ("x", "y"):
        builder.add("Add", [f"{axis}1", f"{axis}2"], f"{axis}_sum")
        builder.add("Mul", [f"{axis}_sum", builder.floats("half", 0.5)], f"{axis}_centre")
        builder.add("Sub", [f"{axis}2", f"{axis}1"], f"{axis}_extent")
    builder.add("Concat", ["x_centre", "y_centre", "x_extent", "y_extent", scores], "output0", axis=1)
    return [1, 4 + len(LABELS), BEST]


def _final_boxes(builder: Builder, input_px: int) -> list[int]:
    """Give each place one label, its best: a van is a car or a truck, not both."""
    scores, corners = _best_places(builder, input_px)
    builder.add("ArgMax", [scores], "class_index", axis=1, keepdims=0)
    builder.add("Cast", ["class_index"], "class_number", to=TensorProto.FLOAT)
    builder.add("Reshape", ["class_number", builder.integers("column_shape", [1, -1, 1])], "class_column")
    builder.add("Concat", corners, "corners", axis=1)
    builder.add("Transpose", ["corners"], "boxes", perm=[0, 2, 1])
    suppress(builder, input_px)
    builder.add("Concat", ["boxes", "kept_scores", "class_column"], "output0", axis=2)
    return [1, BEST, 6]


def suppress(builder: Builder, input_px: int) -> None:
    """Set the score of what overlaps a better box of its class to 0; classes are moved apart, so they never meet."""
    builder.add("Mul", ["class_column", builder.floats("class_distance", 8.0 * input_px)], "class_offset")
    builder.add("Add", ["boxes", "class_offset"], "boxes_apart")
    builder.add("Reshape", ["place_value", builder.integers("score_row", [1, 1, -1])], "score_row_value")
    limits = [builder.integers("best", [BEST]), builder.floats("suppression_iou", [output.SUPPRESSION_IOU])]
    builder.add("NonMaxSuppression", ["boxes_apart", "score_row_value", *limits], "kept")
    builder.add("Gather", ["kept", builder.integers("box_column", [2])], "kept_boxes", axis=1)
    builder.add("Reshape", ["kept_boxes", "vector"], "kept_at")
    builder.add("Gather", ["place_value", "kept_at"], "kept_value", axis=1)
    builder.add("Reshape", ["kept_at", builder.integers("row_shape", [1, -1])], "kept_row")
    builder.add("Mul", ["place_value", "zero"], "no_scores")
    builder.add("ScatterElements", ["no_scores", "kept_row", "kept_value"], "score_kept", axis=1)
    builder.add("Reshape", ["score_kept", "column_shape"], "kept_scores")


def serialise(
    builder: Builder,
    input_px: int,
    outputs: dict[str, list[int]],
    metadata: dict[str, str],
    *,
    name: str = "centernet-coco",
) -> bytes:
    """Write the file; the same graph gives the same bytes, so that its SHA-256 can be known beforehand."""
    graph = helper.make_graph(
        builder.nodes,
        name,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, input_px, input_px])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        builder.constants,
    )
    model = helper.make_model(
        graph, producer_name="talaia", opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    helper.set_model_props(model, dict(sorted(metadata.items())))
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
