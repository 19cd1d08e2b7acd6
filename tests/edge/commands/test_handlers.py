"""What each command does, on a real recording, outbox and folder."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pytest
import uuid_utils.compat
from pydantic import ValidationError

from edge.commands.handlers import Handlers
from edge.commands.ledger import Ledger
from edge.commands.mutes import Mutes
from edge.commands.orders import CancelledCommandError, CommandError, InterruptedCommandError, Order
from edge.config import CameraSection
from edge.evidence import Folder
from edge.outbox import Outbox
from tests.edge import clips
from tests.edge.clocks import START, HandClock
from tests.edge.commands.orders import RoomOfTests
from tests.edge.recording import packets
from tests.edge.written import maker
from vision.detect import Detection
from vision.frame import Frame
from vision.rules.base import RuleEvent
from vision.zones import Zone
from wire.commands import ARGUMENTS, Fetched, Muted, Recordings, Resent, Touched, TriedRules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.rules.base import Rule
    from wire.commands import CommandWithArguments
    from wire.message import Part

HOLD = str(UUID(int=5))
ROOM = RoomOfTests()


class Walker:
    """Finds one person who goes from left to right, and counts the pictures."""

    name, sha256 = "walker", "0" * 64

    def __init__(self) -> None:
        self.seen = 0

    def detect(self, _image: NDArray[np.uint8]) -> list[Detection]:
        self.seen += 1
        left = 0.02 * (self.seen % 40)
        return [Detection("person", 0.9, (left, 0.2, left + 0.15, 0.8))]


class Device:
    def __init__(self, folder: Path, codec: str = "libx264") -> None:
        self.clock = HandClock()
        video = clips.write(folder / "street.mp4", 100, fps=10, gop=10, codec=codec)
        self.recordings = packets.record(folder / "recordings", video, self.clock)
        self.outbox = Outbox(folder / "outbox.sqlite3", self.clock)
        self.folder = Folder(folder / "evidence")
        self.ledger = Ledger(folder / "commands.sqlite3", self.clock)
        self.mutes = Mutes(self.ledger, self.clock)
        self.picture: Frame | None = None
        self.detector = Walker()
        self.stopping = self.cancelled = False
        self.told: list[float] = []
        self.cancelled_from = 2.0
        self.handlers = self._new()

    def _new(self, free_bytes_min: int = 0) -> Handlers:
        camera = CameraSection(
            id="placa", name="Plaça", source="rtsp://192.0.2.1/a", purpose="p", impact_assessment="a"
        )
        return Handlers(
            camera=lambda camera_id: camera if camera_id == "placa" else None,
            picture=lambda _: self.picture,
            recordings=self.recordings,
            outbox=self.outbox,
            folder=self.folder,
            detector=self.detector,
            mutes=self.mutes,
            clock=self.clock,
            free_bytes_min=free_bytes_min,
            written=lambda: None,
        )

    def fill_the_disk(self) -> None:
        self.handlers = self._new(free_bytes_min=2**62)

    def do(self, kind: CommandWithArguments, **arguments: Any) -> Part:
        content = {"camera_id": "placa", **arguments}
        command = ROOM.command(kind, content)
        order = Order(
            command,
            ARGUMENTS[kind].model_validate(content),
            self._tell,
            lambda: self.stopping,
            lambda: self.cancelled,
        )
        return self.handlers.by_kind()[kind](order)

    def _tell(self, share: float) -> None:
        self.told.append(share)
        self.cancelled = self.cancelled or share >= self.cancelled_from

    def close(self) -> None:
        self.outbox.close()
        self.ledger.close()
        self.recordings.close()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path)
    yield made
    made.close()


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def span(from_s: float = 0.0, to_s: float = 10.0) -> dict[str, Any]:
    return {"from": at(from_s), "to": at(to_s)}


def test_recordings_are_listed(device: Device) -> None:
    listed = device.do("recordings_list", **span(-60, 60))
    assert isinstance(listed, Recordings)
    (only,) = listed.spans
    assert (only.from_, only.held) == (START, False)


def test_a_fetched_original_waits_for_its_upload_as_it_was_announced(device: Device) -> None:
    fetched = device.do("recording_fetch", **span(2, 7), pixelated=False)
    assert isinstance(fetched, Fetched)
    (reference,) = fetched.evidence
    (waiting,) = device.outbox.waiting_evidence()
    content = (device.folder.path / waiting.file).read_bytes()
    assert (waiting.evidence_id, waiting.sha256, waiting.bytes) == (
        reference.evidence_id,
        hashlib.sha256(content).hexdigest(),
        len(content),
    )
    assert (reference.kind, reference.sha256) == ("recording", waiting.sha256)
    assert device.folder.sweep({one.file for one in device.outbox.evidence_files()}) == 0, "a restart keeps it"


def test_it_is_told_how_far_an_original_is(device: Device) -> None:
    device.do("recording_fetch", **span(0, 10), pixelated=False)
    assert len(device.told) >= 3
    assert device.told == sorted(device.told)
    assert 0.9 < device.told[-1] <= 1


@pytest.mark.parametrize("codec", ["libx265", "mjpeg"])
def test_what_browsers_do_not_play_is_fetched_with_a_copy_that_they_do(tmp_path: Path, codec: str) -> None:
    device = Device(tmp_path, codec)
    fetched = device.do("recording_fetch", **span(2, 7), pixelated=False)
    assert isinstance(fetched, Fetched)
    original, viewed = fetched.evidence
    assert (original.kind, viewed.kind) == ("recording", "recording_view")
    names = {one.evidence_id: one.file for one in device.outbox.waiting_evidence()}
    kinds, recorded = packets.of(device.folder.path / names[original.evidence_id])
    _, came = packets.of(tmp_path / "street.mp4")
    assert [packets.units(one.data)[-1] for one in recorded] == [packets.units(one.data)[-1] for one in came[20:71]]
    assert (kinds.codec, packets.of(device.folder.path / names[viewed.evidence_id])[0].codec) == (
        {"libx265": "hevc"}.get(codec, codec),
        "h264",
    )
    assert viewed.captured_from == original.captured_from == START + timedelta(seconds=2)
    assert device.told == sorted(device.told)
    device.close()


@pytest.mark.parametrize("cancelled_from", [0.0, 0.5, 0.98])
def test_a_copy_that_is_given_up_leaves_nothing_behind(tmp_path: Path, cancelled_from: float) -> None:
    device = Device(tmp_path, "libx265")
    device.cancelled_from = cancelled_from
    with pytest.raises(CancelledCommandError, match="cancelled"):
        device.do("recording_fetch", **span(0, 10), pixelated=False)
    assert (list(device.folder.path.iterdir()), device.outbox.waiting_evidence()) == ([], [])
    device.close()


def test_gaps_of_a_fetched_span_are_told(device: Device) -> None:
    fetched = device.do("recording_fetch", **span(5, 30), pixelated=False)
    assert isinstance(fetched, Fetched)
    ((first, last),) = fetched.gaps
    assert timedelta(seconds=9) < first - START <= timedelta(seconds=10)
    assert last == START + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"camera_id": "door", **span()}, "no camera door"),
        ({**span(100, 200), "pixelated": False}, "nothing of this span is recorded"),
    ],
)
def test_what_cannot_be_fetched_is_said(device: Device, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        device.do("recording_fetch", **arguments)
    assert list(device.folder.path.iterdir()) == []


def test_a_full_disk_refuses_a_copy(device: Device) -> None:
    device.fill_the_disk()
    with pytest.raises(CommandError, match="no room for a copy"):
        device.do("recording_fetch", **span(), pixelated=False)


def test_a_stop_leaves_nothing_behind(device: Device) -> None:
    device.stopping = True
    with pytest.raises(InterruptedCommandError):
        device.do("recording_fetch", **span(), pixelated=False)
    assert (list(device.folder.path.iterdir()), device.outbox.waiting_evidence()) == ([], [])


def test_what_is_held_is_not_erased_until_it_is_released(device: Device) -> None:
    held = device.do("recording_hold", **span(0, 3), hold_id=HOLD, reason="DP 12/2026")
    assert isinstance(held, Touched)
    assert held.segments == 2
    erased = device.do("recording_erase", **span(-60, 60))
    assert isinstance(erased, Touched)
    assert (erased.kept_segments, erased.segments) == (2, 3)
    released = device.handlers.by_kind()["recording_release"](
        Order(
            ROOM.command("recording_release", {"hold_id": HOLD}),
            ARGUMENTS["recording_release"].model_validate({"hold_id": HOLD}),
            device.told.append,
            lambda: False,
        )
    )
    assert released == Touched(segments=held.segments, bytes=held.bytes)
    rest = device.do("recording_erase", **span(-60, 60))
    assert isinstance(rest, Touched)
    assert (rest.kept_segments, rest.segments) == (0, 2)


def test_rules_are_tried_on_what_is_recorded(device: Device) -> None:
    zone = {"name": "all", "kind": "watch", "points": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    tried = device.do("rules_try", **span(), zones=[zone], rules={"intrusion": {}})
    assert isinstance(tried, TriedRules)
    assert device.detector.seen > 0
    assert tried.analysed_s == pytest.approx(10, abs=0.5)
    assert {event.rule for event in tried.events} <= {"intrusion"}
    assert device.told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"rules": {"telepathy": {}}}, "rules: got 'telepathy'; allowed: .*illegal_dumping"),
        ({"rules": {"intrusion": {"loud": True}}}, "rules.intrusion.loud"),
        ({"rules": {"intrusion": {}}, "zones": [{"name": "a", "kind": "moat", "points": []}]}, "zones"),
        ({"rules": {"intrusion": {}}, **span(0, 3601)}, "at most 60 minutes"),
    ],
)
def test_wrong_rules_are_refused_in_one_line(device: Device, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(CommandError, match=says) as refused:
        device.do("rules_try", **{**span(), **arguments})
    assert "\n" not in str(refused.value)
    assert device.detector.seen == 0


def test_a_picture_of_the_moment(device: Device) -> None:
    with pytest.raises(CommandError, match="no picture yet"):
        device.do("snapshot")
    device.picture = Frame(np.zeros((40, 60, 3), np.uint8), 0, 1.0, START)
    taken = device.do("snapshot")
    assert isinstance(taken, Fetched)
    assert [(one.kind, one.captured_from) for one in taken.evidence] == [("snapshot", START)]


def test_messages_are_sent_again_only_from_this_outbox(device: Device) -> None:
    order = {"outbox_id": str(device.outbox.outbox_id), "from": 1, "to": 9}
    kind = ARGUMENTS["resend"]
    handler = device.handlers.by_kind()["resend"]
    found = handler(Order(ROOM.command("resend", order), kind.model_validate(order), device.told.append, lambda: False))
    assert found == Resent(messages=0)
    picture = device.folder.keep(b"a picture", "snapshot", START)
    device.outbox.append(maker(device.clock), evidence=[picture.file])
    assert device.outbox.uploaded(picture.file.evidence_id)
    files = {"evidence": [str(picture.file.evidence_id), str(uuid_utils.compat.uuid7())]}
    again = Order(ROOM.command("resend", files), kind.model_validate(files), device.told.append, lambda: False)
    assert handler(again) == Resent(messages=0, evidence=1)
    assert device.outbox.waiting_evidence() == [picture.file]
    with pytest.raises(ValidationError, match="messages"):
        kind.model_validate({})
    other = {**order, "outbox_id": str(uuid_utils.compat.uuid7())}
    with pytest.raises(CommandError, match="what was in another is gone"):
        handler(Order(ROOM.command("resend", other), kind.model_validate(other), device.told.append, lambda: False))


def event(phase: Any, occurrence: int = 1, rule: str = "intrusion") -> RuleEvent:
    return RuleEvent(rule, occurrence, phase, 1.0, "high", 0.9, [])


def test_a_muted_rule_is_silent_to_the_end_of_what_it_did_not_say(device: Device, tmp_path: Path) -> None:
    said: list[tuple[str, str, int]] = []

    def deliver(one: RuleEvent, _frame: Frame, _rule: Rule) -> None:
        said.append((one.rule, one.phase, one.occurrence))

    frame: Any = None
    rule: Any = None
    filtered = device.mutes.filter("placa", deliver)
    filtered(event("opened", 1), frame, rule)
    muted = device.do("mute", rule="intrusion", until=at(300))
    assert muted == Muted(silenced=0)
    filtered(event("closed", 1), frame, rule)  # what was said is ended
    filtered(event("opened", 2), frame, rule)
    filtered(event("opened", 1, "loitering"), frame, rule)  # another rule
    device.clock.passed_s += 301
    again = Mutes(Ledger(tmp_path / "commands.sqlite3", device.clock), device.clock).filter("placa", deliver)
    again(event("updated", 2), frame, rule)  # also after a restart
    again(event("closed", 2), frame, rule)
    again(event("opened", 3), frame, rule)
    assert said == [
        ("intrusion", "opened", 1),
        ("intrusion", "closed", 1),
        ("loitering", "opened", 1),
        ("intrusion", "opened", 3),
    ]
    assert device.do("mute", until=at(0)) == Muted(silenced=1)


def test_a_mute_of_all_rules_is_of_one_camera(device: Device) -> None:
    device.do("mute", until=at(300))
    said: list[str] = []
    nothing: Any = None
    for camera_id in ("placa", "door"):
        device.mutes.filter(camera_id, lambda *_, name=camera_id: said.append(name))(event("opened"), nothing, nothing)
    assert said == ["door"]


def test_the_ledger_bears_two_threads(device: Device) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 50):
            device.ledger.accept(UUID(int=number), b"{}")

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert len(device.ledger.unfinished()) == 100


def test_the_zones_of_a_trial_are_its_own(device: Device) -> None:
    """A zone where nobody walks finds nobody."""
    corner = Zone(name="corner", kind="watch", points=[(0.0, 0.95), (0.05, 0.95), (0.05, 1.0), (0.0, 1.0)])
    tried = device.do("rules_try", **span(), zones=[corner.model_dump(mode="json")], rules={"intrusion": {}})
    assert isinstance(tried, TriedRules)
    assert tried.events == []
