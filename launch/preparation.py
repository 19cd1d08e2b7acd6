"""What a machine needs once before the first start: web pages, detection model, TimescaleDB, footage."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

from launch import commands, configuration, node, places, postgres, timescaledb, ui
from launch.console import Step, say
from launch.errors import LaunchError

PROGRAMS = Path(sys.executable).parent
CACHE_BYTES = 600 * places.MEBIBYTE


def machine(logs: Path, *, with_database: bool = True) -> timescaledb.Build | None:
    """Everything but the footage; returns TimescaleDB for the embedded database, where it could be built."""
    web_pages(logs)
    detection_model(logs)
    return timescaledb_build(logs) if with_database else None


def web_pages(logs: Path) -> None:
    with Step("Web pages") as step:
        step.done(ui.build(logs / "setup.log", step.working))


def detection_model(logs: Path) -> None:
    with Step("Detection model") as step:
        if _model_is_built():
            step.done("up to date")
            return
        step.working("building")
        places.require_space(places.cache_directory(), CACHE_BYTES, "the detection model")
        chosen = node.find()
        commands.run(
            [PROGRAMS / "talaia-models", "convert"],
            purpose="building the detection model",
            log=logs / "setup.log",
            env={**chosen.environment, "TALAIA_NPM": shlex.join(chosen.npm)},
            on_line=step.working,
        )
        step.done("built")


def _model_is_built() -> bool:
    listed = subprocess.run([PROGRAMS / "talaia-models", "list", "--json"], check=False, capture_output=True, text=True)
    if listed.returncode != 0:
        return False
    states = {(model["name"], model["input_px"]): model["state"] for model in json.loads(listed.stdout)}
    needed = (("centernet-coco", configuration.MODEL_INPUT_PX), ("centernet-features", 160))
    return all(states.get(one) == "built" for one in needed)


def timescaledb_build(logs: Path) -> timescaledb.Build | None:
    """TimescaleDB for the embedded PostgreSQL; None, with the reason said, where it cannot be built."""
    cache = places.cache_directory()
    installation = timescaledb.PostgresInstallation.of(postgres.wheel_pg_config())
    if found := timescaledb.cached(installation, cache):
        return found
    with Step("TimescaleDB") as step:
        missing = timescaledb.missing_tools()
        if missing:
            step.done(f"left out, plain tables instead: this machine lacks {' and '.join(missing)}")
            return None
        uv = places.PROJECT / ".setup" / "tools" / "bin" / "uv"
        log = logs / "timescaledb.log"
        try:
            cmake = timescaledb.find_cmake(cache, uv if uv.is_file() else None, log)
            built = timescaledb.build(installation, cache, cmake, log, step.working)
        except LaunchError as error:
            step.done("left out, plain tables instead (the reason follows)")
            reason = str(error)
        else:
            step.done(f"{built.version} built for PostgreSQL {installation.version}")
            return built
    say(f"           {reason}")
    return None
