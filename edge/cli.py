"""`talaia-edge`: the agent, its checks, and the analysis of files.

Exit status: 0 success, 1 a failure, 2 a wrong usage or configuration (one line on stderr).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, NoReturn

import cv2

from edge import analyse, config, plan, rule_tables, status
from edge.clock import Clock
from edge.errors import ConfigurationError, EdgeError, SourceError
from edge.outbox import FILE_NAME, Outbox
from edge.sections import DetectorSection
from models import ModelError, load_detector
from models.waste import check as waste_check

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vision.detect import Detector
    from vision.waste import WasteCheck

log = logging.getLogger(__name__)

OK, FAILED, WRONG = 0, 1, 2
_INTERRUPTED = 130
_SIGNS = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line instead of argparse's page."""
        raise ConfigurationError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except ConfigurationError as error:
        return _say(error, WRONG)
    except EdgeError as error:
        return _say(error, FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it closes it
        return FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> _Parser:
    parser = _Parser(prog="talaia-edge", description="The agent beside a camera or drone.")
    parser.add_argument("--version", action="version", version=f"talaia-edge {status.version()}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        one.set_defaults(command=command)
        return one

    def add_config(one: argparse.ArgumentParser, *, required: bool = True) -> None:
        one.add_argument("-c", "--config", type=Path, required=required, metavar="FILE", help="the agent's TOML")

    run = add("run", _run, "Run the agent until it is told to stop.")
    add_config(run)
    _add_enrol(
        add("enrol", _enrol, "Make this device's keys and get its certificate from the room, by a one-time code.")
    )
    check = add("check", _check, "Check a configuration and try each camera.")
    add_config(check)
    check.add_argument("--json", action="store_true", help="print JSON")
    _add_discover(add("discover", _discover, "Find ONVIF cameras on the network and list their streams."))
    show = add("config", _config, "Print a complete configuration with comments.")
    show.add_argument("--example", action="store_true", required=True, help="the example, with every key")
    outbox = add("outbox", _outbox, "Count the messages that are written, acknowledged and pending.")
    add_config(outbox)
    outbox.add_argument("--json", action="store_true", help="print JSON")
    fsck = add("fsck", _fsck, "Check the outbox, the evidence that waits and the recordings.")
    add_config(fsck)
    fsck.add_argument("--repair", action="store_true", help="close what was left open, make the index anew")
    fsck.add_argument("--json", action="store_true", help="print JSON")
    _add_analyse(add("analyse", _analyse, "Analyse a video file; events go to stdout, one JSON message a line."))
    return parser


def _add_enrol(one: argparse.ArgumentParser) -> None:
    one.add_argument("--room", required=True, metavar="URL", help="of the control room")
    one.add_argument("--code", required=True, help="as `talaia-room device enrol` or the page Devices shows it")
    text = "the agent's TOML: made where it is not there, else its tables device, room and mqtt are written anew"
    one.add_argument("-c", "--config", type=Path, required=True, metavar="FILE", help=text)
    one.add_argument("--ca-file", type=Path, metavar="FILE", help="whom to believe for the room, not the system's")


def _add_discover(one: argparse.ArgumentParser) -> None:
    one.add_argument("--interface", metavar="IP", help="the address of this machine in the cameras' network")
    one.add_argument("--camera", metavar="onvif://HOST[:PORT]", help="ask this one instead of looking for all")
    one.add_argument("--user", metavar="NAME", help="to list streams, as which user")
    one.add_argument("--password-file", type=Path, metavar="FILE", help="a file that holds that user's password")
    one.add_argument("--json", action="store_true", help="print JSON")


def _add_analyse(one: argparse.ArgumentParser) -> None:
    one.add_argument("video", type=Path, metavar="VIDEO")
    one.add_argument("-c", "--config", type=Path, metavar="FILE", help="take detector, zones and rules from it")
    one.add_argument("--camera", metavar="ID", help="which camera of FILE, where it has several")
    one.add_argument("--zones", type=Path, metavar="FILE", help='zones as JSON: {"zones": [...]}')
    one.add_argument("--rules", metavar="A,B", help="only these rules")
    one.add_argument("--set", action="append", default=[], metavar="RULE.KEY=VALUE", help="change a rule's setting")
    one.add_argument(
        "--idle",
        choices=("all", "key_frames"),
        default="all",
        help="what is decoded while nothing moves: all (default), or key frames only, as of a camera",
    )


def _run(options: argparse.Namespace) -> int:
    from edge import agent, senders  # noqa: PLC0415 - paho and httpx only where the agent runs
    from edge.flight import drone  # noqa: PLC0415 - as above
    from edge.reload.configuration_file import ConfigurationFile  # noqa: PLC0415 - as above

    _log_to_stderr()
    stop, read_again = Event(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, lambda *_: read_again.set())
    file = ConfigurationFile(options.config, read_again)
    settings = config.load_for_work(options.config)
    senders.check(settings)
    drone.check(settings)
    agent.run(settings, _detector(settings.detector), Clock(), stop, file=file, waste=_waste_check())
    return OK


def _enrol(options: argparse.Namespace) -> int:
    from edge import trust  # noqa: PLC0415 - as in _run
    from edge.enrolment import asking, identity, settings_file  # noqa: PLC0415 - as in _run

    if not options.room.startswith(("http://", "https://")):
        raise ConfigurationError(f"--room: got {options.room!r}; allowed: http://HOST[:PORT] or https://HOST[:PORT]")
    file: Path = options.config
    authority: Path | None = None if options.ca_file is None else options.ca_file.resolve()
    known_as, keys = settings_file.device_id(file), identity.Keys.make()
    believed = trust.context("--ca-file", authority)
    given = asking.enrol(options.room, options.code, keys, Clock(), believed, device_id=known_as)
    folder = file.resolve().parent / "identity"
    identity.save(folder, keys, given)
    settings_file.write(file, folder, given, options.room, authority)
    until = f"{given.expires_at:%Y-%m-%d}"
    sys.stdout.write(f"{given.device_id} ({given.name}) is enrolled; its certificate is valid until {until}\n")
    return OK


def _check(options: argparse.Namespace) -> int:
    from edge import senders  # noqa: PLC0415 - as in _run
    from edge.check import cameras, device  # noqa: PLC0415 - as in _run

    settings = config.load(options.config)
    senders.check(settings)
    cv2.setNumThreads(1)
    probes = cameras.probe(settings)
    shared = device.check(settings)
    ok = all(one.ok for one in probes) and not any(one.verdict == "fault" for one in shared)
    if options.json:
        told = [{**one._asdict(), "findings": [each._asdict() for each in one.findings]} for one in probes]
        _print_json({"ok": ok, "cameras": told, "device": [one._asdict() for one in shared]})
        return OK if ok else FAILED
    for name, findings in [("device", shared), *((one.id, one.findings) for one in probes)]:
        sys.stdout.write(f"{name}\n")
        sys.stdout.write("".join(f"  {_SIGNS[one.verdict]} {one.about}: {one.text}\n" for one in findings))
    return OK if ok else FAILED


def _discover(options: argparse.Namespace) -> int:
    from edge.source import listing  # noqa: PLC0415 - only here

    if options.camera is not None and not options.camera.startswith("onvif://"):
        raise ConfigurationError("--camera: allowed: onvif://HOST[:PORT]")
    password = None if options.password_file is None else config.secret("--password-file", options.password_file)
    found = listing.cameras(options.interface, options.camera, options.user, password)
    if options.json:
        _print_json({"cameras": [asdict(one) for one in found]})
    else:
        sys.stdout.write("".join(f"{line}\n" for one in found for line in listing.lines(one)))
    return OK if found and all(one.reason == "" for one in found) else FAILED


def _config(_options: argparse.Namespace) -> int:
    sys.stdout.write(config.example())
    return OK


def _outbox(options: argparse.Namespace) -> int:
    path = _used(config.load(options.config)) / FILE_NAME
    outbox = Outbox(path, Clock())
    counts = outbox.counts()
    outbox.close()
    found = {name: getattr(counts, name) for name in ("written", "acked", "pending", "oldest_pending_s")}
    if options.json:
        _print_json(found)
    else:
        sys.stdout.write("".join(f"{name} {value}\n" for name, value in found.items()))
    return OK


def _used(settings: config.Settings) -> Path:
    """The data folder, where an agent has used it: one that is not there is not sound, it is the wrong one."""
    if not (settings.data_dir / FILE_NAME).exists():
        said = "holds no outbox: no agent has run with this configuration, or its disk is not mounted"
        raise EdgeError(f"device.data_dir: {str(settings.data_dir)!r} {said}")
    return settings.data_dir


def _fsck(options: argparse.Namespace) -> int:
    from edge import fsck  # noqa: PLC0415 - only here

    settings = config.load(options.config)
    found = fsck.check(_used(settings), settings.recordings_dir, repair=options.repair)
    if options.json:
        recordings = [asdict(one) for one in found.recordings]
        said = {"ok": not found.violations, "checked": found.checked, "violations": found.violations}
        _print_json({**said, "recordings": recordings})
    else:
        orderly = [one for one in found.recordings if not one.lost]
        lines = [f"recording {one.path}: {one.message}{' (repaired)' if one.repaired else ''}" for one in orderly]
        lines += [*found.violations, f"{found.checked} checked, {len(found.violations)} violations"]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return FAILED if found.violations else OK


def _analyse(options: argparse.Namespace) -> int:
    _log_to_stderr()
    wanted = plan.make(
        options.video,
        config_file=options.config,
        camera_id=options.camera,
        zones_file=options.zones,
        only=options.rules,
        changes=options.set,
    )
    if wanted.only is not None and options.rules:
        for note in rule_tables.blind(wanted.camera.rules, wanted.camera.zones, wanted.only):
            sys.stderr.write(f"{note}\n")
    try:
        clock = analyse.file_clock(options.video)
        sys.stderr.write(f"{options.video.name}: times by the {clock.source}\n")
        detector, waste = _detector(wanted.detector), _waste_check()
        analyse.run(options.video, wanted, detector, clock, sys.stdout, idle=options.idle, waste=waste)
    except SourceError as error:
        raise SourceError(f"{options.video}: {error}") from None
    except ModelError as error:
        raise ConfigurationError(f"--rules smoke_fire: {error}") from None
    return OK


def _detector(section: DetectorSection) -> Detector:
    """The model; from here on the processor is shared out by our own threads, not by OpenCV's."""
    cv2.setNumThreads(1)
    try:
        return load_detector(section.backend, section.model, section.input_px, section.confidence)
    except ModelError as error:
        raise ConfigurationError(f"detector: got {section.model!r}; {error}") from None


def _waste_check() -> WasteCheck | None:
    """What judges the things left; without it alerts lack a hint, and no more."""
    try:
        return waste_check.load()
    except ModelError as error:
        log.warning("no waste check: %s", error)
        return None


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)sZ %(levelname)s %(threadName)s %(name)s: %(message)s"
    )
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")


def _say(error: EdgeError, code: int) -> int:
    sys.stderr.write(f"talaia-edge: {' '.join(str(error).split())}\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
