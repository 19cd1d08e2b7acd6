"""Which flights a card holds: a proposal from names, sizes and times, and from what files said once they were read.

`names.read` -> `_moments` (files of one moment together) -> `_join` (pieces of one recording) -> `_part` (flights by
the gaps between them). A pure function of the list; a person confirms or changes what comes out.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from control_room.flights import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import tzinfo

FILES_MAX = 2000
GAP = timedelta(minutes=10)
"""Between two recordings of one flight; a change of battery with landing takes less time than a second sortie."""
SPLIT_BYTES = 3_500_000_000
"""A recording that goes on in the next file is at least so large: cameras cut at 4 GB, some a little before."""
_BITS_A_SECOND = 100e6
"""Of a drone's video, where only its end is known: what is written faster is rare, so it lasted this long at least."""
_CUT_SLACK = timedelta(seconds=5)
_LONG_AGO = timedelta(days=300)
_OFF = timedelta(days=2)
_EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
_ORDER: dict[str, int] = {"telemetry": 0, "still": 1, "proxy": 2, "video": 3}
_TAKEN: frozenset[str] = frozenset(_ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFile:
    """One file as the browser lists it, with what reading it told where that has happened."""

    name: str
    folder: str = ""
    bytes: int = 0
    modified_at: datetime | None = None
    """As the card says; of recordings their end."""
    captured_from: datetime | None = None
    captured_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that the pilot should look at, as a code with its values."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ProposedFile:
    """What is proposed for one of the files."""

    index: int
    """In the list that was given."""
    kind: names.Kind
    lens: names.Lens | None
    recording: str | None = None
    part: int | None = None
    belongs_to: int | None = None
    """Index of the video that a telemetry file or a proxy is of."""
    began_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class ProposedFlight:
    """Files that were probably recorded in one sortie, in the order in which they should be sent."""

    files: list[ProposedFile]
    began_at: datetime | None
    ended_at: datetime | None
    doubts: list[Doubt] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is of no use here: `empty`, or `not_taken` (no video, still or telemetry)."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Of a whole card."""

    flights: list[ProposedFlight]
    skipped: list[Skipped]


@dataclass(slots=True)
class _File:
    index: int
    given: CardFile
    named: names.Named
    proposed: ProposedFile
    began_at: datetime | None
    ended_at: datetime | None

    @property
    def place(self) -> tuple[str, str]:
        return self.given.folder.lower(), self.named.moment


@dataclass(slots=True)
class _Group:
    """What must not be torn apart: the files of one recording."""

    files: list[_File]
    began_at: datetime | None = None
    ended_at: datetime | None = None

    def measure(self) -> None:
        began = [file.began_at for file in self.files if file.began_at is not None]
        ended = [file.ended_at for file in self.files if file.ended_at is not None]
        self.began_at = min(began + ended, default=None)
        self.ended_at = max(began + ended, default=None)


def propose(files: Sequence[CardFile], zone: tzinfo, now: datetime) -> Proposal:
    """Flights in the order of time; `zone` is the town's, for names that tell a local time."""
    known, skipped = [], []
    for index, given in enumerate(files):
        named = names.read(given.name, given.folder)
        if named.kind not in _TAKEN or given.bytes == 0:
            skipped.append(Skipped(index, "empty" if named.kind in _TAKEN else "not_taken"))
            continue
        known.append(_placed_in_time(index, given, named, zone))
    groups = _join(_moments(known))
    logs = [group for group in groups if _is_log(group)]
    recordings = [group for group in groups if not _is_log(group)]
    parts = list(_part(recordings or logs))
    if recordings:
        _deal(logs, parts)
    flights = [_flight(part, zone, now) for part in parts]
    return Proposal(flights, skipped)


def _placed_in_time(index: int, given: CardFile, named: names.Named, zone: tzinfo) -> _File:
    """What the file itself said is believed first, then the time in its name, then when it was last written."""
    began_at = given.captured_from
    if began_at is None and named.local is not None:
        began_at = _utc(named.local, zone, given.modified_at)
    ended_at = given.captured_to or _sane(given.modified_at)
    if began_at is not None and ended_at is not None and not timedelta() <= ended_at - began_at < _OFF:
        ended_at = None  # copied later, or one of both clocks is wrong
    if named.kind == "still":
        began_at = ended_at = began_at or ended_at
    elif named.kind == "video" and began_at is None and ended_at is not None:
        began_at = ended_at - timedelta(seconds=given.bytes * 8 / _BITS_A_SECOND)
    proposed = ProposedFile(index, named.kind, named.lens, began_at=began_at, ended_at=ended_at)
    return _File(index, given, named, proposed, began_at, ended_at)


def _utc(local: datetime, zone: tzinfo, near: datetime | None) -> datetime:
    """A local time is meant twice when the hour goes back: the one nearer before the end of the recording."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if near is not None and first < second <= near:
        return second
    return first


def _sane(at: datetime | None) -> datetime | None:
    """A card that was formatted by a clock without a battery says 1980."""
    return at if at is not None and at >= _EARLIEST else None


def _moments(files: Iterable[_File]) -> list[_Group]:
    """Files of one moment; a log or proxy in another folder goes with the only video of its name."""
    found: dict[tuple[str, str], _Group] = {}
    for file in files:
        found.setdefault(file.place, _Group([])).files.append(file)
    with_video: dict[str, list[_Group]] = {}
    for (_, moment), group in found.items():
        if _videos(group):
            with_video.setdefault(moment, []).append(group)
    groups = []
    for (_, moment), group in found.items():
        homes = with_video.get(moment, [])
        if not _videos(group) and len(homes) == 1:
            homes[0].files.extend(group.files)
        else:
            groups.append(group)
    for group in groups:
        _pair(group)
        group.measure()
    return groups


def _pair(group: _Group) -> None:
    """Which video each log and proxy of one moment is of."""
    videos = _videos(group)
    name = _recording_name(group.files)
    for file in group.files:
        file.proposed.recording = name if videos else None
        if file.named.kind not in {"telemetry", "proxy"} or not videos:
            continue
        if file.named.kind == "telemetry" and file.given.name.lower().rpartition(".")[2] not in names.BESIDE:
            continue
        same = [video for video in videos if video.named.lens == file.named.lens]
        choice = same or [video for video in videos if video.named.lens in {"wide", None}] or videos
        file.proposed.belongs_to = choice[0].index
        file.began_at = file.began_at or choice[0].began_at


def _join(groups: list[_Group]) -> list[_Group]:
    """Pieces of one recording: by chapters in their names, or a full file that goes on in the next number."""
    chaptered: dict[tuple[str, str], list[_Group]] = {}
    rest = []
    for group in groups:
        first = group.files[0]
        if first.named.chapter is not None and first.named.series is not None:
            chaptered.setdefault((first.given.folder.lower(), first.named.series), []).append(group)
        else:
            rest.append(group)
    joined = [_joined(sorted(pieces, key=_chapter)) for pieces in chaptered.values()]
    ordered = sorted(rest, key=lambda group: (group.files[0].given.folder.lower(), _number(group)))
    run: list[_Group] = []
    for group in ordered:
        if run and not _goes_on(run[-1], group):
            joined.append(_joined(run))
            run = []
        run.append(group)
    if run:
        joined.append(_joined(run))
    return joined


def _goes_on(before: _Group, after: _Group) -> bool:
    first, second = _videos(before), _videos(after)
    if not first or not second or first[0].given.folder.lower() != second[0].given.folder.lower():
        return False
    one, other = first[0], second[0]
    if one.named.series != other.named.series or one.named.number is None or other.named.number is None:
        return False
    if (
        other.named.number != one.named.number + 1
        or one.given.bytes < SPLIT_BYTES
        or one.named.lens != other.named.lens
    ):
        return False
    if other.named.local is None or one.ended_at is None or other.began_at is None:
        return True
    return abs(other.began_at - one.ended_at) <= _CUT_SLACK


def _joined(pieces: list[_Group]) -> _Group:
    if len(pieces) == 1:
        only = pieces[0]
        for file in only.files if only.files[0].named.chapter is not None else ():
            file.proposed.recording = _recording_name(only.files)
        return only
    name = _recording_name(pieces[0].files)
    for part, piece in enumerate(pieces, start=1):
        for file in piece.files:
            file.proposed.recording, file.proposed.part = name, part
    whole = _Group([file for piece in pieces for file in piece.files])
    whole.measure()
    return whole


def _part(groups: list[_Group]) -> Iterator[list[_Group]]:
    """By time; what has none goes with its folder."""
    timed = sorted((group for group in groups if group.began_at), key=lambda group: group.began_at or _EARLIEST)
    untimed = [group for group in groups if not group.began_at]
    parts: list[list[_Group]] = []
    until: datetime | None = None
    for group in timed:
        if until is None or group.began_at is None or group.began_at - until > GAP:
            parts.append([])
            until = None
        parts[-1].append(group)
        until = max(until, group.ended_at) if until and group.ended_at else group.ended_at or until
    for folder, more in itertools.groupby(sorted(untimed, key=_folder), key=_folder):
        home = next((part for part in parts if any(_folder(group) == folder for group in part)), None)
        if home is None:
            home = []
            parts.append(home)
        home.extend(more)
    yield from parts


def _deal(logs: list[_Group], parts: list[list[_Group]]) -> None:
    """Each log of a whole flight to the flight that it overlaps, else the nearest before its end, else the first."""
    for log in logs:
        at = log.ended_at or log.began_at
        home = min(parts, key=lambda part: _apart(part, log.began_at, at))
        home.append(log)


def _apart(part: list[_Group], began_at: datetime | None, ended_at: datetime | None) -> timedelta:
    begins = [group.began_at for group in part if group.began_at]
    ends = [group.ended_at or group.began_at for group in part if group.ended_at or group.began_at]
    if not begins or ended_at is None:
        return timedelta.max
    first, last = min(begins), max(end for end in ends if end is not None)
    if (began_at or ended_at) <= last and ended_at >= first:
        return timedelta()
    return min(abs(ended_at - first), abs(ended_at - last))


def _flight(groups: list[_Group], zone: tzinfo, now: datetime) -> ProposedFlight:
    files = [file for group in groups for file in group.files]
    began = [group.began_at for group in groups if group.began_at]
    ended = [group.ended_at for group in groups if group.ended_at]
    ordered = sorted(files, key=lambda file: (_ORDER[file.named.kind], file.given.bytes, file.index))
    return ProposedFlight(
        [file.proposed for file in ordered],
        min(began, default=None),
        max(ended, default=None),
        _doubts(files, zone, now),
    )


def _doubts(files: list[_File], zone: tzinfo, now: datetime) -> list[Doubt]:
    doubts = []
    began = [at for file in files if (at := file.began_at or file.ended_at)]
    if not began:
        doubts.append(Doubt("no_times"))
    else:
        first, last = min(began), max(began)
        if last > now + timedelta(hours=1):
            doubts.append(Doubt("clock_ahead", {"at": last.isoformat()}))
        elif now - last > _LONG_AGO:
            doubts.append(Doubt("clock_behind", {"at": first.isoformat(), "days": (now - last).days}))
    disagree = [file for file in files if _disagrees(file, zone)]
    if disagree:
        doubts.append(Doubt("clocks_disagree", {"name": disagree[0].given.name, "files": len(disagree)}))
    local = [file.named.local for file in files if file.named.local and file.given.captured_from is None]
    if local:
        doubts.append(Doubt("zone_assumed", {"zone": str(zone)}))
    if any(_is_twice(at, zone) for at in local):
        doubts.append(Doubt("hour_changed", {"zone": str(zone)}))
    return doubts + _doubts_of_pairs(files)


def _disagrees(file: _File, zone: tzinfo) -> bool:
    if file.named.local is None or file.given.modified_at is None:
        return False
    return abs(_utc(file.named.local, zone, None) - file.given.modified_at) > _OFF


def _is_twice(local: datetime, zone: tzinfo) -> bool:
    return local.replace(tzinfo=zone, fold=0).utcoffset() != local.replace(tzinfo=zone, fold=1).utcoffset()


def _doubts_of_pairs(files: list[_File]) -> list[Doubt]:
    doubts = []
    videos: dict[str, list[_File]] = {}
    for file in files:
        if file.named.kind == "video":
            videos.setdefault(file.named.moment, []).append(file)
    logged = {file.proposed.belongs_to for file in files if file.named.kind == "telemetry"}
    for file in files:
        if file.named.kind != "telemetry" or file.proposed.belongs_to is not None:
            continue
        same = videos.get(file.named.moment, [])
        if len(same) > 1:
            values = {"name": file.given.name, "videos": [video.given.name for video in same]}
            doubts.append(Doubt("two_videos_for_one_log", values))
    has_log = any(file.named.kind == "telemetry" and file.proposed.belongs_to is None for file in files)
    recordings = {file.proposed.recording for file in files if file.index in logged}
    bare = [v for group in videos.values() for v in group if v.proposed.recording not in recordings]
    if bare and not has_log:
        doubts.append(Doubt("video_without_log", {"name": bare[0].given.name, "videos": len(bare)}))
    return doubts


def _videos(group: _Group) -> list[_File]:
    """The wide one first: what has no lens of its own is read as of it."""
    found = [file for file in group.files if file.named.kind == "video"]
    return sorted(found, key=lambda file: (file.named.lens not in {"wide", None}, file.index))


def _is_log(group: _Group) -> bool:
    return all(file.named.kind == "telemetry" for file in group.files)


def _recording_name(files: list[_File]) -> str:
    first = files[0]
    return first.named.moment if not first.given.folder else f"{first.given.folder}/{first.named.moment}"


def _chapter(group: _Group) -> int:
    return group.files[0].named.chapter or 0


def _number(group: _Group) -> tuple[str, int]:
    named = group.files[0].named
    return named.series or named.moment, named.number or 0


def _folder(group: _Group) -> str:
    return group.files[0].given.folder.lower()
