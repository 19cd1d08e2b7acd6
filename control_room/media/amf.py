"""AMF0, the notation of RTMP's commands: read with limits, written for the few answers that a publisher awaits."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Value: TypeAlias = "float | bool | str | dict[str, Value] | list[Value] | None"

_DEEPEST = 8
_VALUES_MOST = 500
_NUMBER, _BOOLEAN, _STRING, _OBJECT = 0, 1, 2, 3
_NULL, _UNDEFINED, _ARRAY, _END = 5, 6, 8, 9
_LIST, _DATE, _LONG_STRING = 10, 11, 12
_PLAIN = frozenset({_NUMBER, _BOOLEAN, _STRING, _NULL, _UNDEFINED, _DATE, _LONG_STRING})


class NotationError(ValueError):
    """These bytes are no AMF0, or more of it than any publisher sends."""


def read(data: bytes) -> list[Value]:
    """All values, one after the other.

    Raises:
        NotationError: as it says.
    """
    reader = _Reader(data)
    values: list[Value] = []
    while reader.left:
        values.append(reader.value(0))
    return values


def write(*values: float | str | Mapping[str, float | str] | None) -> bytes:
    """None is null; a mapping an object."""
    return b"".join(_written(value) for value in values)


def _written(value: float | str | Mapping[str, float | str] | None) -> bytes:
    if value is None:
        return bytes([_NULL])
    if isinstance(value, str):
        return bytes([_STRING]) + _text(value)
    if isinstance(value, int | float):
        return struct.pack(">Bd", _NUMBER, value)
    inner = b"".join(_text(key) + _written(each) for key, each in value.items())
    return bytes([_OBJECT]) + inner + struct.pack(">HB", 0, _END)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">H", len(encoded)) + encoded


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._values = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def value(self, depth: int) -> Value:
        self._values += 1
        if depth > _DEEPEST or self._values > _VALUES_MOST:
            raise NotationError("too many values, or too deep")
        kind = self._take(1)[0]
        if kind in _PLAIN:
            return self._plain(kind)
        if kind == _ARRAY:
            self._take(4)  # how many, which nobody can rely on
        if kind in {_OBJECT, _ARRAY}:
            return self._object(depth)
        if kind == _LIST:
            (count,) = struct.unpack(">I", self._take(4))
            return [self.value(depth + 1) for _ in range(min(count, _VALUES_MOST + 1))]
        raise NotationError(f"no value begins with {kind}")

    def _plain(self, kind: int) -> Value:
        if kind in {_STRING, _LONG_STRING}:
            return self._string(2 if kind == _STRING else 4)
        if kind == _BOOLEAN:
            return self._take(1) != b"\0"
        if kind in {_NULL, _UNDEFINED}:
            return None
        number: float = struct.unpack(">d", self._take(8))[0]
        if kind == _DATE:
            self._take(2)  # a time zone, which is always 0
        return number

    def _object(self, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while True:
            key = self._string(2)
            if not key and self._data[self._at : self._at + 1] == bytes([_END]):
                self._take(1)
                return found
            found[key] = self.value(depth + 1)

    def _string(self, size_bytes: int) -> str:
        length = int.from_bytes(self._take(size_bytes))
        return self._take(length).decode(errors="replace")

    def _take(self, count: int) -> bytes:
        if count > self.left:
            raise NotationError("it ends in the middle of a value")
        self._at += count
        return self._data[self._at - count : self._at]
