"""What a file is, is found out in a process that can reach nothing; what it cannot be, is refused with a reason."""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from control_room.probing import sandbox, service, signatures
from control_room.probing.result import Found, Outcome, Refused, Request
from control_room.probing.standby import NotBegunError, Standby
from tests.control_room.probing import files

NOBODY = 65534


def found(path: Path) -> Found:
    outcome = service.probe(path, name=path.name)
    assert outcome.found is not None, outcome
    return outcome.found


def refused(path: Path, **said: str) -> Refused:
    outcome = service.probe(path, name=said.pop("name", path.name), **said)  # type: ignore[arg-type]  # only strings are said
    assert outcome.refused is not None, outcome
    assert outcome.refused.message
    return outcome.refused


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mp4", "libx264", "mov"),
        ("a.mov", "mpeg4", "mov"),
        ("a.mkv", "libx264", "matroska"),
        ("a.webm", "libvpx-vp9", "matroska"),
        ("a.ts", "libx264", "mpegts"),
    ],
)
def test_what_drones_record_is_described(tmp_path: Path, name: str, codec: str, container: str) -> None:
    said = found(files.video(tmp_path / name, codec=codec))
    (stream,) = said.streams
    assert (said.container, stream.width_px, stream.height_px) == (container, 64, 48)
    assert said.duration_s == pytest.approx(1.0, abs=0.2)
    assert said.bytes == (tmp_path / name).stat().st_size


def test_pictures_and_telemetry_are_described(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(files.png(32, 16))
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\n\N{LATIN SMALL LETTER E WITH ACUTE}\n")
    assert [found(files.jpeg(tmp_path / "a.jpg")).media_type, found(tmp_path / "a.png").media_type] == [
        "image/jpeg",
        "image/png",
    ]
    assert found(tmp_path / "a.srt").container == "text"


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def test_a_track_whose_data_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    content = files.video(tmp_path / "a.mp4").read_bytes()
    inside = struct.pack(">I4sI", 12, b"url ", 1)
    assert inside in content
    (tmp_path / "b.mp4").write_bytes(content.replace(inside, struct.pack(">I4sI", 12, b"url ", 0)))
    assert refused(tmp_path / "b.mp4").reason == "external"
    (tmp_path / "c.mov").write_bytes(_box(b"ftyp", b"qt  \0\0\0\0") + _box(b"moov", _box(b"rmra", bytes(40))))
    assert refused(tmp_path / "c.mov").reason == "external"
    (tmp_path / "d.mov").write_bytes(_box(b"ftyp", b"qt  \0\0\0\0") + _box(b"moov", _box(b"cmov", bytes(40))))
    assert refused(tmp_path / "d.mov").reason == "codec"


def test_a_codec_outside_the_list_is_refused(tmp_path: Path) -> None:
    assert refused(files.video(tmp_path / "a.mkv", codec="ffv1")).reason == "codec"


def test_what_is_damaged_is_refused(tmp_path: Path) -> None:
    whole = files.video(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:-200])
    (tmp_path / "head.mp4").write_bytes(whole[:100])
    (tmp_path / "cut.jpg").write_bytes(files.jpeg(tmp_path / "a.jpg").read_bytes()[:300])
    (tmp_path / "cut.png").write_bytes(files.png(64, 64)[:60])
    reasons = {refused(tmp_path / name).reason for name in ("cut.mp4", "head.mp4", "cut.jpg", "cut.png")}
    assert reasons == {"damaged"}


ENDLESS = """
from control_room.probing import media, warm
def look(*_):
    while True:
        pass
media.look = look
warm.main()
"""


def test_one_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    path = files.jpeg(tmp_path / "a.jpg")
    asked = Request(extension="jpg", media_type="", wall_s=0.1)
    with path.open("rb") as file, contextlib.closing(Standby((sys.executable, "-c", ENDLESS))) as standby:
        outcome = service._judged(*standby.look(file, asked))
    assert outcome == service._refused("limits", "looking at it takes more time than a file may")


SHUT_IN = """
import os, sys
from control_room.probing import sandbox
import socket
if int(sys.argv[1]) and os.geteuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
sandbox.enter()
def tried(attempt):
    try:
        attempt()
    except OSError as error:
        return error.errno
    return 0
def taken():
    try:
        bytearray(2 * 1024**3)
    except MemoryError:
        return 12
    return 0
told = [
    tried(lambda: socket.socket(socket.AF_INET)),
    tried(lambda: socket.socket(socket.AF_UNIX)),
    tried(lambda: open("/etc/hostname")),
    tried(lambda: os.execv("/bin/true", ["true"])),
    tried(lambda: os.kill(1, 0)),
    tried(lambda: os.unlink("/tmp/x")),
    taken(),
]
os.write(1, repr(told).encode())
os._exit(0)
"""


FORKED = """
import ctypes, os, socket, sys
from control_room.probing import child, media, warm
from control_room.probing.result import Outcome, Refused
def tried(attempt):
    try:
        attempt()
    except OSError as error:
        return error.errno
    return 0
def taken():
    try:
        bytearray(2 * 1024**3)
    except MemoryError:
        return 12
    return 0
seen = []
def look(file, size_bytes, extension, media_type):
    seen.append(extension)
    open_besides = [n for n in range(3, 200) if not tried(lambda: os.fstat(n))]
    told = [
        tried(lambda: socket.socket(socket.AF_INET)),
        tried(lambda: open("/etc/hostname")),
        tried(lambda: os.kill(1, 0)),
        tried(os.fork),
        taken(),
        open_besides,
        seen,
    ]
    if extension == "ends":
        os.abort()
    return Outcome(refused=Refused(reason="damaged", message=repr(told)))
media.look = look
child.prepare()  # before it becomes somebody who cannot read the modules
if int(sys.argv[1]) and os.geteuid() == 0:
    os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as one that began so: it may look into its own /proc
warm.main()
"""


@pytest.mark.parametrize("user", [0, NOBODY])
def test_each_forked_child_is_shut_in_and_knows_nothing_of_the_one_before(tmp_path: Path, user: int) -> None:
    if user and os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    (tmp_path / "file").write_bytes(b"x")
    ended = []
    command = (sys.executable, "-c", FORKED, str(user))
    with (tmp_path / "file").open("rb") as file, contextlib.closing(Standby(command)) as standby:
        for extension in ("a", "ends", "b"):
            said, status = standby.look(file, Request(extension=extension, media_type="", wall_s=60.0))
            ended.append(status)
            if status == 0:
                refused = Outcome.model_validate_json(said).refused
                assert refused is not None
                assert refused.message == f"[1, 1, 1, 1, 12, [], [{extension!r}]]"
    assert (ended[0], ended[1] < 0, ended[2]) == (0, True, 0)


def test_a_process_that_ended_while_it_stood_by_is_begun_again(tmp_path: Path) -> None:
    path = files.jpeg(tmp_path / "a.jpg")
    standby, asked = Standby(), Request(extension="jpg", media_type="", wall_s=60.0)
    begun = []
    for _ in range(2):
        with path.open("rb") as file:
            said, status = standby.look(file, asked)
        assert Outcome.model_validate_json(said).found is not None
        assert (status, standby.pid is not None) == (0, True)
        begun.append(standby.pid)
        os.kill(standby.pid or 0, signal.SIGKILL)
    assert begun[0] != begun[1]
    standby.close()
    with path.open("rb") as file, pytest.raises(NotBegunError):
        Standby(("/bin/false",)).look(file, asked)


@pytest.mark.parametrize("user", [0, NOBODY])
def test_a_process_that_is_shut_in_reaches_nothing(user: int) -> None:
    """As root, and as an ordinary user."""
    if user and os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    command = [sys.executable, "-c", SHUT_IN, str(user)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "[1, 1, 1, 1, 1, 1, 12]", done.stderr


def test_a_kernel_that_cannot_shut_it_in_is_no_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(sandbox.SandboxError, match="riscv64"):
        sandbox._program()
    outcome = service._judged(b'{"refused": {"reason": "sandbox", "message": "no"}}', 0)
    assert outcome.found is None
    assert service._judged(b"", -11).refused is not None
    assert service._judged(b'{"found": {"container": "x"}}', 0).found is None


def test_what_is_inside_can_be_told_from_the_first_bytes_only_where_it_is_sure() -> None:
    assert signatures.kind_of(b"\xff\xd8\xff\xe0") is signatures.JPEG
    assert signatures.kind_of(b"") is None
    assert signatures.kind_of("caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode()) is signatures.TEXT
    assert signatures.alien(b"\n #EXTM3U") == "a playlist"
    assert signatures.said_to_be("video/quicktime") is signatures.MP4


LOOKED = """
import sys
from pathlib import Path
from control_room.probing import service
outcome = service.probe(Path(sys.argv[1]), name="a.jpg")
print(outcome.found.media_type, service._standing_by.queue[-1].pid)
"""


def test_whoever_had_a_file_looked_at_leaves_no_process_and_nothing_open(tmp_path: Path) -> None:
    path = files.jpeg(tmp_path / "a.jpg")
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", LOOKED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    media_type, pid = done.stdout.split()
    assert (media_type, done.stderr) == ("image/jpeg", "")
    assert not Path("/proc", pid).exists()
