"""The face finder CenterFace: from the published ONNX file to one in this project's layout, its landmarks left out.

It says where faces are, so that they can be covered; it knows nobody and gives no features of anybody.

The published graph takes BGR in 0..255 and ends in maps at a quarter of the input: the score of a face at each place,
the logarithms of its height and width in cells, and where its centre lies in the cell.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper, numpy_helper

from models import centernet
from models.onnx_translation import Builder

LABELS = ("face",)
_INPUT, _SCORES, _EXTENTS, _OFFSETS, _LANDMARKS = "input.1", "537", "538", "539", "540"
_STRIDE_PX = 4.0


def build(published: bytes, input_px: int) -> bytes:
    """Make the ONNX file for square pictures: `images` [1, 3, px, px], RGB in 0..1, to boxes [1, n, 6]."""
    builder = Builder()
    builder.add("Mul", ["images", builder.floats("images/range", 255.0)], "images/0..255")
    builder.add("Gather", ["images/0..255", builder.integers("bgr", [2, 1, 0])], _INPUT, axis=1)
    graph = onnx.load_from_string(published).graph
    builder.nodes += [node for node in graph.node if _LANDMARKS not in node.output]
    used = {name for node in builder.nodes for name in node.input}
    for weights in graph.initializer:
        if weights.name in used:
            builder.constant(weights.name, numpy_helper.to_array(weights))
    _best_places(builder, input_px)
    _corners(builder)
    builder.add("Mul", ["place_value", builder.floats("zero", 0.0)], "class_row")
    builder.add("Reshape", ["class_row", builder.integers("column_shape", [1, -1, 1])], "class_column")
    centernet.suppress(builder, input_px)
    builder.add("Concat", ["boxes", "kept_scores", "class_column"], "output0", axis=2)
    metadata = {
        "author": "talaia-models fetch",
        "batch": "1",
        "description": "CenterFace",
        "end2end": "True",
        "imgsz": str([input_px, input_px]),
        "names": str(dict(enumerate(LABELS))),
        "stride": "32",
        "task": "detect",
    }
    return centernet.serialise(builder, input_px, {"output0": [1, centernet.BEST, 6]}, metadata, name="centerface")


def _best_places(builder: Builder, input_px: int) -> None:
    """Take the peaks with the best scores: place_value and place_index [1, BEST], rows and columns [1, BEST]."""
    side = input_px // int(_STRIDE_PX)
    builder.add("MaxPool", [_SCORES], "highest", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    builder.add("Equal", [_SCORES, "highest"], "is_peak")
    builder.add("Where", ["is_peak", _SCORES, builder.floats("zero", 0.0)], "peaks")
    builder.add("Reshape", ["peaks", builder.integers("flat", [1, -1])], "place_scores")
    top = ["place_scores", builder.integers("best", [centernet.BEST])]
    builder.nodes.append(helper.make_node("TopK", top, ["place_value", "place_index"], name="top_places", axis=1))
    width = builder.integers("places_a_row", side)
    builder.add("Mod", ["place_index", width], "column_index")
    builder.add("Div", ["place_index", width], "row_index")
    for axis in ("column", "row"):
        builder.add("Cast", [f"{axis}_index"], axis, to=TensorProto.FLOAT)
    flat = builder.integers("flat_pairs", [2, side * side])
    vector = builder.add("Reshape", ["place_index", builder.integers("vector", [-1])], "places")
    for name, parts in ((_EXTENTS, ("height_log", "width_log")), (_OFFSETS, ("y_part", "x_part"))):
        builder.add("Reshape", [name, flat], f"{name}/flat")
        builder.add("Gather", [f"{name}/flat", vector], f"{name}/places", axis=1)
        builder.nodes.append(helper.make_node("Split", [f"{name}/places"], list(parts), name=f"{name}/split", axis=0))


def _corners(builder: Builder) -> None:
    """Make boxes [1, BEST, 4] of centre and extent."""
    stride, half = builder.floats("stride", _STRIDE_PX), builder.floats("half", 0.5)
    for axis, cells, extent in (("x", "column", "width"), ("y", "row", "height")):
        builder.add("Add", [cells, f"{axis}_part"], f"{axis}_cell")
        builder.add("Add", [f"{axis}_cell", half], f"{axis}_middle")
        builder.add("Mul", [f"{axis}_middle", stride], axis)
        builder.add("Exp", [f"{extent}_log"], f"{extent}_cells")
        builder.add("Mul", [f"{extent}_cells", builder.floats("half_stride", _STRIDE_PX / 2)], f"half_{extent}")
        builder.add("Sub", [axis, f"half_{extent}"], f"{axis}1")
        builder.add("Add", [axis, f"half_{extent}"], f"{axis}2")
    builder.add("Concat", ["x1", "y1", "x2", "y2"], "corners", axis=0)
    builder.add("Transpose", ["corners"], "corners_by_place", perm=[1, 0])
    builder.add("Unsqueeze", ["corners_by_place", builder.integers("first", [0])], "boxes")
