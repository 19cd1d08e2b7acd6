"""Named statements of a `queries.sql`: each begins with `-- name --` and a line of comment that says what it is for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import LiteralString

_HEADER = re.compile(r"^-- ([a-z][a-z0-9_]*) --$")


class QueryFileError(ValueError):
    """A `queries.sql` breaks its own rules."""


def load(beside: str) -> dict[str, LiteralString]:
    """The statements of the `queries.sql` in the folder of the module file `beside`, by name.

    Raises:
        QueryFileError: a statement outside a name, without its purpose, or a name used twice.
    """
    path = Path(beside).with_name("queries.sql")
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(text: str, source: str) -> dict[str, LiteralString]:
    queries: dict[str, LiteralString] = {}
    for name, lines in _blocks(text, source):
        if name in queries:
            raise QueryFileError(f"{source}: {name} is there twice")
        if not lines or not lines[0].startswith("-- "):
            raise QueryFileError(f"{source}: {name} does not say what it is for")
        body = "\n".join(line for line in lines if not line.startswith("--")).strip().removesuffix(";")
        if not body:
            raise QueryFileError(f"{source}: {name} is empty")
        # It comes from a file of this package, never from a caller: as literal as a string in the code.
        queries[name] = body
    return queries


def _blocks(text: str, source: str) -> list[tuple[str, list[str]]]:
    blocks: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        header = _HEADER.match(line)
        if header is not None:
            blocks.append((header[1], []))
        elif blocks:
            blocks[-1][1].append(line)
        elif line.strip() and not line.startswith("--"):
            raise QueryFileError(f"{source}: a statement before the first name")
    return blocks
