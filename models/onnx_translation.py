"""Turns the operations of a TensorFlow.js graph (pictures as N, H, W, C) into ONNX (N, C, H, W)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.tfjs_graph import Graph, Node

_CHANNELS_LAST = 3
_SPATIAL_AXES = [1, 2]
_STRIDED = slice(1, 3)  # height and width in a list of four


class Builder:
    """Collects ONNX nodes and constants; names come out the same at every run."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._constant_names: set[str] = set()

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, values: NDArray[Any]) -> str:
        if name not in self._constant_names:
            self._constant_names.add(name)
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def floats(self, name: str, values: float | list[float]) -> str:
        return self.constant(name, np.asarray(values, np.float32))

    def integers(self, name: str, values: int | list[int]) -> str:
        return self.constant(name, np.asarray(values, np.int64))


class Translation:
    """One graph on its way to ONNX, for pictures of another size than it was published for."""

    def __init__(self, graph: Graph, builder: Builder, *, placeholder: str, scale: float) -> None:
        """Read the pixels from the tensor `placeholder`; `scale` is the new input size over the published one."""
        self._graph = graph
        self._builder = builder
        self._placeholder = placeholder
        self._scale = scale
        self._handlers: dict[str, Callable[[Node], None]] = {
            "Placeholder": self._start,
            "_FusedConv2D": self._convolution,
            "Conv2D": self._convolution,
            "FusedDepthwiseConv2dNative": self._convolution,
            "DepthwiseConv2dNative": self._convolution,
            "Mul": self._elementwise,
            "Add": self._elementwise,
            "Relu": self._elementwise,
            "Sigmoid": self._elementwise,
            "Identity": self._elementwise,
            "Relu6": self._relu6,
            "Mean": self._mean,
            "ResizeBilinear": self._resize,
            "ConcatV2": self._concatenation,
        }

    def run(self, outputs: list[str]) -> None:
        """Translate what the outputs need; each tensor keeps its TensorFlow name."""
        for node in self._graph.ancestors(outputs):
            handler = self._handlers.get(node.op)
            if handler is None:
                raise ModelError(f"the model's graph has an operation that is not known here: {node.op} ({node.name})")
            handler(node)

    def _start(self, node: Node) -> None:
        self._builder.add("Identity", [self._placeholder], node.name)

    def _elementwise(self, node: Node) -> None:
        self._builder.add(node.op, [self._operand(name) for name in node.inputs], node.name)

    def _operand(self, name: str) -> str:
        """Name a tensor or a scalar; a constant with axes would need them moved."""
        values = self._graph.constants.get(name)
        if values is None:
            return name
        _require(values.ndim == 0, name, f"is a constant of shape {values.shape}, a scalar is known here")
        return self._builder.constant(name, values)

    def _relu6(self, node: Node) -> None:
        low, high = self._builder.floats("relu6/low", 0.0), self._builder.floats("relu6/high", 6.0)
        self._builder.add("Clip", [node.inputs[0], low, high], node.name)

    def _mean(self, node: Node) -> None:
        axes = self._graph.constants[node.inputs[1]].tolist()
        _require(axes == _SPATIAL_AXES and node.flag("keep_dims"), node.name, f"averages over {axes}")
        self._builder.add("GlobalAveragePool", [node.inputs[0]], node.name)

    def _resize(self, node: Node) -> None:
        sampling_known = not node.flag("align_corners") and not node.flag("half_pixel_centers")
        _require(sampling_known, node.name, "samples in a way that is not known here")
        published_px = self._graph.constants[node.inputs[1]].tolist()
        sizes = [round(each * self._scale) for each in published_px]
        channels = self._channels(node.inputs[0])
        target = self._builder.integers(f"{node.name}/sizes", [1, channels, *sizes])
        self._builder.add(
            "Resize",
            [node.inputs[0], "", "", target],
            node.name,
            mode="linear",
            coordinate_transformation_mode="asymmetric",
        )

    def _channels(self, name: str) -> int:
        """Look the number of channels up at the convolution that the tensor comes from."""
        node = self._graph.nodes[name]
        while "Conv" not in node.op:
            node = self._graph.nodes[node.inputs[0]]
        weights = self._graph.constants[node.inputs[1]]
        return int(np.prod(weights.shape[2:]) if "Depthwise" in node.op else weights.shape[3])

    def _concatenation(self, node: Node) -> None:
        *tensors, axis = node.inputs
        found = int(self._graph.constants[axis])
        _require(found in (_CHANNELS_LAST, -1), node.name, f"joins along axis {found}, not the channels")
        self._builder.add("Concat", tensors, node.name, axis=1)

    def _convolution(self, node: Node) -> None:
        _require(node.text("data_format") == "NHWC", node.name, "is not in NHWC")
        _require(set(node.integers("dilations")) == {1}, node.name, "is dilated")
        weights = self._graph.constants[node.inputs[1]]
        kernel, strides = list(weights.shape[:2]), node.integers("strides")[_STRIDED]
        depthwise = "Depthwise" in node.op
        # TensorFlow: H, W, in, out (depthwise: H, W, in, multiplier); ONNX: out, in per group, H, W.
        moved = weights.reshape(*kernel, 1, -1).transpose(3, 2, 0, 1) if depthwise else weights.transpose(3, 2, 0, 1)
        inputs = [node.inputs[0], self._builder.constant(node.inputs[1], moved)]
        fused = node.texts("fused_ops")
        if "BiasAdd" in fused:
            inputs.append(self._builder.constant(node.inputs[2], self._graph.constants[node.inputs[2]]))
        activation = [each for each in fused if each != "BiasAdd"]
        _require(activation in ([], ["Relu"]), node.name, f"is fused with {activation}")
        output = f"{node.name}/linear" if activation else node.name
        self._builder.add(
            "Conv",
            inputs,
            output,
            kernel_shape=kernel,
            strides=strides,
            pads=_padding(node.text("padding"), kernel, strides),
            group=weights.shape[2] if depthwise else 1,
        )
        if activation:
            self._builder.add("Relu", [output], node.name)


def _padding(kind: str, kernel: list[int], strides: list[int]) -> list[int]:
    """Give top, left, bottom, right; TensorFlow's SAME for maps whose size the stride divides puts the odd one last."""
    if kind == "VALID":
        return [0, 0, 0, 0]
    total = [max(size - step, 0) for size, step in zip(kernel, strides, strict=True)]
    begin = [each // 2 for each in total]
    return begin + [whole - first for whole, first in zip(total, begin, strict=True)]


def _require(holds: bool, name: str, what: str) -> None:  # noqa: FBT001 -- reads as a sentence where it is used
    if not holds:
        raise ModelError(f"the model's graph cannot be translated: {name} {what}")
