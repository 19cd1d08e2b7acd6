"""`talaia-models`: lists, fetches, builds and measures the detection models."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, get_args

import models
from models import catalogue, errors, output
from models.events import command as events_command
from models.events.report import command as report_command
from models.stage import command as stage_scenes
from models.waste import command as waste_command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.evaluate import Score

    _Commands = argparse._SubParsersAction["_Parser"]  # noqa: SLF001 -- argparse gives its type no public name

_USAGE_ERROR = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int | None] = options.run
    try:
        return run(options) or 0
    except models.ModelError as error:
        _say(f"talaia-models: {error}")
        return _USAGE_ERROR if isinstance(error, errors.UsageError) else 1
    except KeyboardInterrupt:
        return _INTERRUPTED


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="talaia-models", description="The detection models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_list(commands)
    _add_fetch(commands)
    _add_convert(commands)
    _add_evaluate(commands)
    _add_evaluate_events(commands)
    _add_accuracy(commands)
    _add_train_waste_check(commands)
    _add_bench(commands)
    stage_scenes.arrange(commands.add_parser("stage-scenes", help="write clips of things left behind, and their truth"))
    return parser


def _add_list(commands: _Commands) -> None:
    command = commands.add_parser("list", help="the catalogue, and what of it is built on this machine")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)


def _add_fetch(commands: _Commands) -> None:
    command = commands.add_parser("fetch", help="get a published model, or take in a file of your own")
    command.add_argument(
        "what",
        nargs="?",
        default="centernet",
        metavar="WHAT",
        help="centernet: keep its package, for a machine without the network; face: build the face finder; "
        "FILE: check a .onnx or .pt, hash it, write its card and copy it to the cache, so that its name is enough",
    )
    command.add_argument("--package", type=Path, metavar="FILE.whl", help="of face: a kept wheel instead of pip's")
    command.add_argument("--labels", type=_words, metavar="A,B", help="of a .pt, in the order of its classes")
    command.add_argument("--licence", metavar="TEXT", help="of FILE, for its card")
    _add_out(command)
    command.set_defaults(run=_fetch)


def _add_convert(commands: _Commands) -> None:
    command = commands.add_parser("convert", help="build the ONNX files from the published package")
    command.add_argument(
        "--input-px", type=_input_px, nargs="+", metavar="PX", help="default: every size of the catalogue"
    )
    command.add_argument("--package", type=Path, metavar="FILE.tgz", help="default: one kept by fetch, else from npm")
    command.add_argument(
        "--layout", choices=get_args(output.Layout), default="boxes", help="final boxes, or candidates as YOLO's"
    )
    command.add_argument(
        "--format", choices=["onnx", "openvino"], default="onnx", help="openvino: of the built ONNX files, its own pair"
    )
    _add_out(command)
    command.set_defaults(run=_convert)


def _add_evaluate(commands: _Commands) -> None:
    command = commands.add_parser("evaluate", help="precision and recall on labelled pictures, for each threshold")
    command.add_argument("folder", type=Path, help="in YOLO's form: images/** and labels/**")
    command.add_argument("--labels", help="only these, with commas between; default: all")
    command.add_argument("--backend", choices=get_args(models.Backend), default="onnxruntime")
    command.add_argument("--model", default=catalogue.CENTERNET_COCO.name)
    command.add_argument("--input-px", type=_input_px, default=catalogue.CENTERNET_COCO.input_px[0], metavar="PX")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_evaluate)


def _add_evaluate_events(commands: _Commands) -> None:
    command = commands.add_parser("evaluate-events", help="what the agent finds and misses in labelled clips")
    events_command.add_options(command)
    command.set_defaults(run=events_command.run)


def _add_accuracy(commands: _Commands) -> None:
    command = commands.add_parser("accuracy", help="the page on how well events are found, beside two baselines")
    report_command.add_options(command)
    command.set_defaults(run=report_command.run)


def _add_train_waste_check(commands: _Commands) -> None:
    command = commands.add_parser("train-waste-check", help="train what tells waste from other things, and measure it")
    waste_command.add_options(command)
    command.set_defaults(run=waste_command.run)


def _add_bench(commands: _Commands) -> None:
    command = commands.add_parser("bench", help="milliseconds a picture and memory, for each back end that is here")
    command.add_argument("--backend", choices=get_args(models.Backend), help="default: all that are here")
    command.add_argument("--model", default=catalogue.CENTERNET_COCO.name)
    command.add_argument(
        "--input-px", type=_input_px, nargs="+", default=list(catalogue.CENTERNET_COCO.input_px), metavar="PX"
    )
    command.add_argument("--pictures", type=_positive, default=50, metavar="N")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_bench)


def _add_out(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, metavar="DIR", help=f"default: {catalogue.models_dir()}")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}; allowed: 1 or more")
    return int(text)


def _input_px(text: str) -> int:
    try:
        return catalogue.input_px(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _list(options: argparse.Namespace) -> None:
    entries = [*catalogue.ENTRIES.values(), catalogue.CENTERNET_FEATURES]
    found = [_state(entry, input_px) for entry in entries for input_px in entry.input_px]
    found += [_own_state(path) for path in catalogue.fetched_files(catalogue.models_dir())]
    if options.json:
        _print(json.dumps(found, indent=2))
        return
    for each in found:
        _print(f"{each['name']} {each['input_px']} px  {each['state']}  {each['licence']}  {each['path']}")


def _state(entry: catalogue.Entry, input_px: int) -> dict[str, object]:
    path = catalogue.built_path(entry, input_px, catalogue.models_dir())
    state, sha256 = "not built", None
    if path.exists():
        try:
            sha256 = catalogue.located(entry, input_px).sha256
            state = "built"
        except models.ModelError as error:
            state = f"not usable: {error}"
    return {
        "name": entry.name,
        "input_px": input_px,
        "state": state,
        "path": str(path),
        "sha256": sha256,
        "licence": entry.source.licence,
        "package": f"{entry.source.package}@{entry.source.version}",
        "purpose": entry.purpose,
    }


def _own_state(path: Path) -> dict[str, object]:
    """Of a user's own file, as `_state` gives it."""
    told: dict[str, object] = {"name": path.stem, "input_px": 0, "state": "built", "path": str(path), "sha256": None}
    told |= {"licence": "not stated", "package": "a file of your own", "purpose": ""}
    try:
        card = catalogue.carded(path).card
    except models.ModelError as error:
        return told | {"state": f"not usable: {error}"}
    if card is not None:
        told |= {"input_px": card.input_px, "sha256": card.sha256, "licence": card.licence}
        told["purpose"] = ", ".join(card.labels)
    return told


def _fetch(options: argparse.Namespace) -> None:
    from models import convert, fetch  # noqa: PLC0415 -- only this and `convert` need onnx

    out = options.out or catalogue.models_dir()
    if options.what == "centernet":
        convert.fetch(catalogue.CENTERNET_COCO, out, say=_say)
    elif options.what == "face":
        fetch.face(out, package=options.package, say=_say)
    else:
        fetch.own_file(Path(options.what), out, labels=options.labels, licence=options.licence, say=_say)


def _convert(options: argparse.Namespace) -> None:
    from models import convert  # noqa: PLC0415 -- only this and `fetch` need onnx

    entry = catalogue.CENTERNET_COCO
    sizes_px, out = options.input_px or entry.input_px, options.out or catalogue.models_dir()
    if options.format == "openvino":
        from models import convert_openvino  # noqa: PLC0415 -- openvino only where it is used

        for input_px in sizes_px:
            convert_openvino.convert(catalogue.located(entry, input_px, out), out, say=_say)
        return
    convert.convert(
        entry,
        sizes_px,
        out,
        package=options.package,
        layout=options.layout,
        with_features=options.input_px is None and options.layout == "boxes",
        say=_say,
    )


def _evaluate(options: argparse.Namespace) -> None:
    from models import average_precision, evaluate  # noqa: PLC0415 -- a device's agent needs none of it

    labels = set(options.labels.split(",")) if options.labels else None
    lowest = evaluate.LOWEST_CONFIDENCE
    detector = models.load_detector(options.backend, options.model, options.input_px, lowest, labels=labels)
    pictures = evaluate.read_folder(options.folder, detector.labels)
    if labels is not None:
        pictures = evaluate.only(pictures, labels)
    found = evaluate.find(detector, pictures, progress=_progress)
    scores = evaluate.scores(pictures, found)
    precision = None
    if average_precision.is_here():
        precision = average_precision.average_precision(pictures, found, detector.labels)
    boxes = sum(len(picture.truth) for picture in pictures)
    if options.json:
        told = {"pictures": len(pictures), "boxes": boxes, "scores": [_score_fields(score) for score in scores]}
        _print(json.dumps(told | {"average_precision": precision}, indent=2))
        return
    _print(f"{len(pictures)} pictures, {boxes} boxes; a match overlaps by an IoU of {evaluate.MATCH_IOU}")
    _print_scores(scores)
    if precision is None:
        _print("no average precision: faster-coco-eval is not installed (the extra [evaluate])")
        return
    _print("  ".join(f"{name} {'-' if value is None else f'{value:.3f}'}" for name, value in precision.items()))


def _print_scores(scores: list[Score]) -> None:
    _print("confidence  precision  recall  true  false  missed")
    for score in scores:
        precision, recall = ("-" if share is None else f"{share:.2f}" for share in (score.precision, score.recall))
        counts = f"{score.found_true:>4}  {score.found_false:>5}  {score.missed:>6}"
        _print(f"{score.confidence:>10.2f}  {precision:>9}  {recall:>6}  {counts}")


def _score_fields(score: Score) -> dict[str, object]:
    return dataclasses.asdict(score) | {"precision": score.precision, "recall": score.recall}


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total} pictures" + ("\n" if done == total else ""))
        sys.stderr.flush()


def _bench(options: argparse.Namespace) -> None:
    from models import bench  # noqa: PLC0415 -- a device's agent needs none of it

    measured = []
    for backend in [options.backend] if options.backend else bench.backends():
        for input_px in options.input_px:
            _say(f"measuring {backend} at {input_px} px, {options.pictures} pictures")
            measured.append(bench.measure(backend, options.model, input_px, options.pictures))
    if options.json:
        _print(json.dumps([dataclasses.asdict(each) for each in measured], indent=2))
        return
    _print("back end        px  min ms  p50 ms  p99 ms  cpu ms  memory MB  load")
    for each in measured:
        times = f"{each.min_ms:>6.1f}  {each.p50_ms:>6.1f}  {each.p99_ms:>6.1f}  {each.cpu_ms:>6.1f}"
        rest = f"{each.rss_bytes / 1e6:>9.0f}  {each.load_average:>4.1f}"
        _print(f"{each.backend:<12}  {each.input_px:>4}  {times}  {rest}")


if __name__ == "__main__":
    sys.exit(main())
