"""Reads a TensorFlow.js graph model: one JSON file with the nodes and one binary file with the weights."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STORED_TYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "int32": np.dtype("<i4"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One operation, with TensorFlow's name for it."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]
    """As in the file: each value wrapped in a dict that names its kind, such as `{"b": true}`."""

    def flag(self, key: str) -> bool:
        return bool(self.attributes.get(key, {}).get("b", False))

    def text(self, key: str) -> str:
        return base64.b64decode(self.attributes.get(key, {}).get("s", "")).decode("ascii")

    def texts(self, key: str) -> list[str]:
        return [base64.b64decode(item).decode("ascii") for item in self._list(key).get("s", [])]

    def integers(self, key: str) -> list[int]:
        return [int(item) for item in self._list(key).get("i", [])]

    def _list(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.attributes.get(key, {}).get("list", {})
        return found


@dataclass(frozen=True, slots=True)
class Graph:
    """The nodes by name, in the file's order, and the constants by name."""

    nodes: dict[str, Node]
    constants: dict[str, NDArray[Any]]
    """Weights that are stored as float16 are widened to float32, as TensorFlow.js does when it loads them."""

    def ancestors(self, names: list[str]) -> list[Node]:
        """Every operation that the named ones need, inputs before users."""
        ordered: dict[str, Node] = {}
        waiting = [(name, False) for name in reversed(names)]
        while waiting:
            name, inputs_done = waiting.pop()
            if name in ordered or name in self.constants:
                continue
            node = self.nodes[name]
            if inputs_done:
                ordered[name] = node
            else:
                waiting.append((name, True))
                waiting.extend((each, False) for each in reversed(node.inputs))
        return list(ordered.values())


def read(topology: bytes, weights: bytes) -> Graph:
    """Take a graph from the bytes of its `.json` and of its `.bin`."""
    try:
        model = json.loads(topology)
        nodes = [_node(each) for each in model["modelTopology"]["node"]]
        entries = [entry for group in model["weightsManifest"] for entry in group["weights"]]
        constants = _constants(entries, weights)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the model's files are no TensorFlow.js graph: {error!r}") from error
    return Graph(nodes={node.name: node for node in nodes if node.op != "Const"}, constants=constants)


def _node(entry: dict[str, Any]) -> Node:
    inputs = tuple(entry.get("input", []))
    return Node(name=entry["name"], op=entry["op"], inputs=inputs, attributes=entry.get("attr", {}))


def _constants(entries: list[dict[str, Any]], weights: bytes) -> dict[str, NDArray[Any]]:
    constants: dict[str, NDArray[Any]] = {}
    offset = 0
    for entry in entries:
        stored = _STORED_TYPES[entry.get("quantization", entry)["dtype"]]
        count = math.prod(entry["shape"])
        values = np.frombuffer(weights, stored, count, offset).reshape(entry["shape"])
        constants[entry["name"]] = values.astype(entry["dtype"])
        offset += count * stored.itemsize
    if offset != len(weights):
        raise ValueError(f"the manifest names {offset} bytes of weights, the file has {len(weights)}")
    return constants
