"""Whether every part, of Python and of the web pages, may be given away with this project (AGPL-3.0-or-later).

Reads what is installed and the lock of the pages, so it works without a network.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from launch import places, ui
from launch.console import say
from launch.errors import LaunchError

LOCK = ui.SOURCE / "package-lock.json"
OWN = "talaia"
ALLOWED = frozenset(
    {
        "0BSD",
        "AGPL-3.0-or-later",
        "Apache-2.0",
        "BlueOak-1.0.0",
        "BSD",  # two or three clauses, the package does not say which
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "GPL-3.0-only",  # section 13 of both lets them be joined
        "GPL-3.0-or-later",
        "ISC",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",  # its section 3.3
        "OFL-1.1",  # fonts, which stay under it
        "PSF-2.0",
        "Python-2.0",
        "Unlicense",
        "Zlib",
    }
)
SPELLED = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd": "BSD",
    "bsd license": "BSD",
    "gpl-3.0": "GPL-3.0-only",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu lesser general public license v3 or later (lgplv3+)": "LGPL-3.0-or-later",
    "lgplv3": "LGPL-3.0-only",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
"""What packages write instead of an SPDX id, in lower case."""
READ_BY_US = {
    "pypi": {"faster-coco-eval": "Apache-2.0", "promql-parser": "MIT"},  # the licence lies in them, unnamed
    "npm": {"combine-errors": "MIT"},  # its readme says so
}
"""What was found where the package's own data is silent. A name here must say how it is known."""
_WORD = re.compile(r"\(|\)|[A-Za-z0-9.+-]+")
_SILENT = {"", "unknown"}
_NO_LICENCE = {"dfsg approved"}  # a classifier beside the licence's own


@dataclass(frozen=True)
class Part:
    """One package and the licence that it names; empty: none that we know."""

    kind: str
    name: str
    version: str
    licence: str


def check(found: Iterable[metadata.Distribution] | None = None, lock: Path = LOCK) -> None:
    """Of all that is installed, unless `found` says otherwise.

    Raises:
        LaunchError: with the names of the packages that may not be used.
    """
    installed = metadata.distributions() if found is None else found
    parts = [*python_parts(installed), *npm_parts(json.loads(lock.read_text(encoding="utf-8")))]
    wrong = [part for part in parts if not is_allowed(part.licence)]
    if wrong:
        told = "; ".join(f"{part.kind} {part.name} {part.version}: {part.licence or 'says none'}" for part in wrong)
        allowed = f"those of {places.PROJECT.name}/launch/licences.py"
        raise LaunchError(f"licences that do not go with AGPL-3.0-or-later: {told}; allowed: {allowed}.")
    say(f"{len(parts)} packages, each under a licence that goes with AGPL-3.0-or-later.")


def python_parts(found: Iterable[metadata.Distribution]) -> Iterator[Part]:
    for each in found:
        if each.name != OWN:
            yield Part("pypi", each.name, each.version, READ_BY_US["pypi"].get(each.name) or _of_python(each))


def npm_parts(lock: Mapping[str, Any]) -> Iterator[Part]:
    for path, said in lock["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if path:
            licence = READ_BY_US["npm"].get(name) or str(said.get("license", ""))
            yield Part("npm", name, str(said["version"]), licence)


def _of_python(each: metadata.Distribution) -> str:
    """The SPDX expression; else the licence's name, where it is one; else what the classifiers say, all of them."""
    said = each.metadata
    if "License-Expression" in said:
        return str(said["License-Expression"])
    written = str(said["License"]).strip() if "License" in said else ""  # a name, or the whole text
    if "\n" not in written and written.lower() not in _SILENT:
        named = _spelled(written)
        if is_allowed(named):
            return named
    classified = [one.split(" :: ") for one in said.get_all("Classifier") or []]
    names = [_spelled(one[-1]) for one in classified if one[0] == "License" and one[-1].lower() not in _NO_LICENCE]
    return " AND ".join(names) or written.partition("\n")[0]


def _spelled(name: str) -> str:
    return SPELLED.get(name.lower(), name)


def is_allowed(expression: str) -> bool:
    """Of an SPDX expression: of `OR` one suffices, of `AND` all are needed, which binds more."""
    words = _WORD.findall(expression)
    if not words or "".join(words) != "".join(expression.split()):
        return False
    try:
        allowed = _any(words)
    except IndexError:
        return False
    return allowed and not words


def _any(words: list[str]) -> bool:
    allowed = _all(words)
    while words and words[0] == "OR":
        del words[0]
        allowed = _all(words) or allowed
    return allowed


def _all(words: list[str]) -> bool:
    allowed = _one(words)
    while words and words[0] == "AND":
        del words[0]
        allowed = _one(words) and allowed
    return allowed


def _one(words: list[str]) -> bool:
    word = words.pop(0)
    if word != "(":
        return word in ALLOWED
    allowed = _any(words)
    return words.pop(0) == ")" and allowed
