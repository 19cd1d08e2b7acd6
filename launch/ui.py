"""Builds the web pages (control_room/ui -> control_room/ui/dist) when their sources have changed."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from launch import commands, node, places
from launch.errors import LaunchError

SOURCE = places.PROJECT / "control_room" / "ui"
BUILD_BYTES = 700 * places.MEBIBYTE
NOT_SOURCE = {"node_modules", "dist", "dist.part", ".vite", "coverage", "test-results"}
# A dead network is reported after seconds rather than minutes.
NPM_SETTINGS = {"npm_config_fetch_retry_mintimeout": "1000", "npm_config_fetch_retry_maxtimeout": "5000"}


def build(log: Path, report: Callable[[str], None], source: Path = SOURCE) -> str:
    """Bring `dist` in line with the sources; returns what was done. The old pages stay until the new are whole."""
    chosen = node.find()
    wanted = _fingerprint(source, chosen.version)
    stamp = source / "node_modules" / ".talaia-built"
    if (source / "dist" / "index.html").is_file() and _read(stamp) == wanted:
        return "up to date"
    install_packages(log, report, source)
    report("building")
    part = source / "dist.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        _npm(
            chosen,
            ["run", "build", "--", "--outDir", part.name, "--emptyOutDir"],
            "building the web pages",
            log,
            source,
        )
        if not (part / "index.html").is_file():
            raise LaunchError(f"building the web pages failed: no index.html was written (output in {log}).")
        shutil.rmtree(source / "dist", ignore_errors=True)
        part.rename(source / "dist")
    finally:
        shutil.rmtree(part, ignore_errors=True)
    stamp.write_text(wanted, encoding="utf-8")
    return f"built with Node {chosen.version.removeprefix('v')}"


def install_packages(log: Path, report: Callable[[str], None], source: Path = SOURCE) -> None:
    """`npm ci`, unless what is installed is what package-lock.json says."""
    lock = source / "package-lock.json"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = source / "node_modules" / ".talaia-installed"
    if _read(stamp) == wanted:
        return
    report("fetching its packages")
    places.require_space(source, BUILD_BYTES, "building the web pages")
    _npm(node.find(), ["ci", "--no-audit", "--no-fund"], "fetching the packages of the web pages", log, source)
    stamp.write_text(wanted, encoding="utf-8")


def _npm(chosen: node.Node, words: list[str], purpose: str, log: Path, source: Path) -> None:
    environment = {**chosen.environment, **NPM_SETTINGS}
    commands.run([*chosen.npm, *words], purpose=purpose, log=log, cwd=source, env=environment)


def _read(stamp: Path) -> str | None:
    return stamp.read_text(encoding="utf-8") if stamp.is_file() else None


def _fingerprint(source: Path, node_version: str) -> str:
    digest = hashlib.sha256(node_version.encode())
    for path in sorted(_files(source)):
        digest.update(str(path.relative_to(source)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _files(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.name in NOT_SOURCE:
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path
