"""From a camera's packets to the pictures that the room decodes, over real WHIP, ICE, DTLS and RTP on this computer."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.commands.orders import CommandError
from edge.live.desk import LONGEST
from tests.edge import clips
from tests.edge.broker import wait_until
from tests.edge.clocks import Calendar
from tests.edge.live.receiver import WhipRoom
from tests.edge.live.street import Desk, Street
from vision.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("patient_live")
FPS, GOP = 10, 10
WITHIN_S = 120.0
MASK = Zone(name="window", kind="mask", points=[(0.4, 0.4), (0.9, 0.4), (0.9, 0.9), (0.4, 0.9)])


@pytest.fixture
def room() -> Iterator[WhipRoom]:
    with WhipRoom() as opened:
        yield opened


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, each picture with its number, for two minutes."""
    return clips.repeat(clips.write(tmp_path_factory.mktemp("live") / "street.mp4", 60, fps=FPS, gop=GOP), 20)


def numbers(images: Sequence[NDArray[np.uint8]]) -> list[int]:
    return [clips.number_of(image) for image in images]


def wait_for(room: WhipRoom, images: int, what: str = "pictures in the room") -> None:
    wait_until(lambda: len(room.images) >= images, what, within_s=WITHIN_S)


def ready(street: Street) -> None:
    wait_until(lambda: street.outlet.facts is not None, "the camera", within_s=WITHIN_S)


def test_packets_go_out_as_they_are_from_the_last_key_frame_on(room: WhipRoom, clip: Path) -> None:
    with Desk(room) as desk, Street(desk.live, clip) as street:
        ready(street)
        started = desk.start()
        assert (started.stream, started.transcoded) == ("main", "")
        assert (started.width_px, started.height_px) == (clips.WIDTH_PX, clips.HEIGHT_PX)
        wait_for(room, 30)
        (told,) = desk.live.streams("plaza")
        assert (told.state, told.trouble) == ("live", "")
        tally = desk.live.take_tally("plaza")
        assert tally.sent_bytes > 0
        assert tally.dropped == 0
        assert desk.end() == 1
        wait_until(lambda: room.sessions[0].ended, "the farewell")
        wait_until(lambda: not desk.live.streams("plaza"), "the end")
    (session,) = room.sessions
    assert (session.path, session.authorization, session.token) == ("/whip/plaza", "Bearer dev-1.secret", "t0ken")
    seen = numbers(session.images)
    assert seen[0] % GOP == 0
    assert all(after == (before + 1) % 60 for before, after in itertools.pairwise(seen))
    assert all(after > before for before, after in itertools.pairwise(session.stamps))


def test_the_stream_is_opened_again_and_the_same_connection_goes_on(room: WhipRoom, tmp_path: Path) -> None:
    short = clips.write(tmp_path / "short.mp4", 20, fps=FPS, gop=GOP)
    with Desk(room) as desk, Street(desk.live, short) as street:
        ready(street)
        desk.start()
        wait_for(room, 50)
    (session,) = room.sessions
    assert numbers(session.images).count(0) >= 2
    assert all(after > before for before, after in itertools.pairwise(session.stamps))
    assert session.stamps[-1] - session.stamps[GOP] > 90_000


@pytest.mark.parametrize("small", [False, True])
def test_what_a_mask_hides_never_leaves(room: WhipRoom, tmp_path: Path, *, small: bool) -> None:
    """Of the recorded stream, which is masked already, and of a small one that is masked only when somebody watches."""
    bright = clips.write(tmp_path / "bright.mp4", 60, fps=FPS, gop=GOP, picture=_bright)
    with Desk(room) as desk, Street(desk.live, bright, zones=[MASK], small=small) as street:
        ready(street)
        started = desk.start(stream="sub" if small else "main")
        assert started.transcoded == ("its mask zones are painted here" if small else "")
        wait_for(room, 15)
    for image in room.images:
        assert image[60:100, 72:136].mean() < 40
        assert image[20:40, 8:60].mean() > 180


def test_it_ends_at_its_time_unless_it_is_wanted_longer(room: WhipRoom, clip: Path) -> None:
    calendar = Calendar()
    with Desk(room, clock=calendar) as desk, Street(desk.live, clip) as street:
        ready(street)
        first = desk.start(for_s=4.0)
        wait_for(room, 5)
        second = desk.start(for_s=8.0)
        assert second.until > first.until
        calendar.passed_s = 5.0
        wait_for(room, len(room.images) + 25, "pictures after its first time")
        calendar.passed_s = 9.0
        wait_until(lambda: not desk.live.streams("plaza"), "the end", within_s=WITHIN_S)
    (session,) = room.sessions
    assert session.ended


def test_one_that_is_stopped_and_wanted_again_at_once_comes_again(room: WhipRoom, clip: Path) -> None:
    with Desk(room, at_once=1) as desk, Street(desk.live, clip) as street:
        ready(street)
        for number in range(1, 4):
            desk.start(for_s=3 * 3600.0)
            wait_until(lambda: len(room.sessions) >= number, "a connection", within_s=WITHIN_S)  # noqa: B023 - of this round
            assert desk.end() == 1
        started = desk.start(for_s=3 * 3600.0)
        assert started.until - desk.clock.now() <= LONGEST
        wait_until(lambda: len(room.sessions) >= 4 and len(room.sessions[3].images) > 5, "pictures", within_s=WITHIN_S)
        assert [one.state for one in desk.live.streams("plaza")] == ["live"]


def test_a_room_that_goes_away_and_comes_back_has_the_pictures_again(room: WhipRoom, clip: Path) -> None:
    with Desk(room) as desk, Street(desk.live, clip) as street:
        ready(street)
        desk.start()
        wait_for(room, 5)
        room.go()
        wait_until(
            lambda: [one.state for one in desk.live.streams("plaza")] == ["connecting"], "the loss", within_s=WITHIN_S
        )
        room.come()
        wait_until(lambda: len(room.sessions) > 1 and len(room.sessions[-1].images) > 5, "pictures", within_s=WITHIN_S)
        assert numbers(room.sessions[-1].images)[0] % GOP == 0


def test_while_the_camera_gives_nothing_the_room_is_not_asked_again_and_again(room: WhipRoom, tmp_path: Path) -> None:
    short = clips.write(tmp_path / "short.mp4", 60, fps=FPS, gop=GOP)
    with Desk(room) as desk, Street(desk.live, short) as street:
        ready(street)
        desk.start()
        wait_for(room, 5)
        street.hold()
        room.go()
        room.come()
        wait_until(lambda: "no pictures" in desk.live.streams("plaza")[0].trouble, "it says why", within_s=WITHIN_S)
        assert (len(room.sessions), room.refused) == (1, [])
        street.go_on()
        before = len(room.images)
        wait_until(lambda: len(room.images) > before + 5, "the pictures come again", within_s=WITHIN_S)
        assert (len(room.sessions), desk.live.streams("plaza")[0].trouble) == (2, "")


def test_a_dead_publication_of_its_own_is_replaced_and_a_full_room_asked_again(room: WhipRoom, clip: Path) -> None:
    room.answers = [503, 409]
    with Desk(room) as desk, Street(desk.live, clip) as street:
        ready(street)
        desk.start(whip_url="/whip/plaza?stream=main")
        wait_for(room, 1)
    assert room.refused == ["/whip/plaza?stream=main"] * 2
    assert room.sessions[0].path == "/whip/plaza?stream=main&replace=true"


def test_one_stream_is_coded_again_at_a_time(room: WhipRoom, tmp_path: Path) -> None:
    hevc = clips.repeat(clips.write(tmp_path / "hevc.mp4", 60, fps=FPS, gop=GOP, codec="libx265"), 20)
    with (
        Desk(room, transcoded_width_px=160) as desk,
        Street(desk.live, hevc) as street,
        Street(desk.live, hevc, "port") as other,
    ):
        ready(street)
        ready(other)
        assert desk.start().transcoded == "the camera sends hevc"
        with pytest.raises(CommandError, match=r"^codec: the camera sends hevc, and 1 streams are coded again already"):
            desk.start("port")
        wait_for(room, 10)
        assert [one.transcoded for one in desk.live.streams("plaza")] == ["the camera sends hevc"]
        desk.end()
        wait_until(lambda: not desk.live.streams("plaza"), "the end")
        assert desk.start("port").transcoded == "the camera sends hevc"


def test_pictures_out_of_their_order_are_coded_again(room: WhipRoom, tmp_path: Path) -> None:
    """Browsers show pictures in the order in which they come."""
    turned = clips.repeat(clips.write(tmp_path / "b.mp4", 60, fps=FPS, gop=30, b_frames=2), 20)
    with Desk(room) as desk, Street(desk.live, turned) as street:
        wait_until(lambda: street.outlet.unplayable != "", "a picture out of its order", within_s=WITHIN_S)
        assert desk.start().transcoded == "the camera sends pictures out of their order"
        wait_for(room, 20)
    seen = numbers(room.images)
    assert all(after == (before + 1) % 60 for before, after in itertools.pairwise(seen))


def test_a_lost_packet_is_answered_with_the_group_again(room: WhipRoom, tmp_path: Path) -> None:
    long = clips.write(tmp_path / "long.mp4", 300, fps=FPS, gop=300)
    with Desk(room) as desk, Street(desk.live, long) as street:
        ready(street)
        desk.start()
        wait_for(room, 10)
        (session,) = room.sessions
        before = len(session.images)
        room.run(room.ask_for_key_frame(session))
        wait_until(lambda: numbers(session.images[before:]).count(0) >= 1, "the key frame again", within_s=WITHIN_S)
        again = numbers(session.images).index(0, 1)
        wait_until(lambda: len(session.images) > again + 20, "what follows", within_s=WITHIN_S)
    seen = numbers(session.images)
    assert seen[again : again + 20] == list(range(20))
    assert all(after > before for before, after in itertools.pairwise(session.stamps))


def test_what_cannot_be_sent_is_refused_with_its_reason(room: WhipRoom, clip: Path) -> None:
    with Desk(room, at_once=1) as desk, Street(desk.live, clip) as street, Street(desk.live, clip, "port"):
        ready(street)
        with pytest.raises(CommandError, match=r"^no-such-camera: "):
            desk.start("garden")
        with pytest.raises(CommandError, match=r"^expired: "):
            desk.start(for_s=-1)
        desk.live.offer("file", {})
        with pytest.raises(CommandError, match=r"^off: "):
            desk.start("file")
        desk.start()
        with pytest.raises(CommandError, match=r"^too-many: 1 streams"):
            desk.start("port")
    with Desk(room, enabled=False) as desk, pytest.raises(CommandError, match=r"^off: "):
        desk.start()


def test_masks_that_the_camera_should_paint_and_does_not_let_nothing_leave(room: WhipRoom, tmp_path: Path) -> None:
    bright = clips.write(tmp_path / "bright.mp4", 60, fps=FPS, gop=GOP, picture=_bright)
    with (
        Desk(room) as desk,
        Street(desk.live, bright, zones=[MASK], mode="camera"),
        pytest.raises(CommandError, match=r"^masked: "),
    ):
        desk.start()


def _bright(index: int) -> NDArray[np.uint8]:
    image = clips.numbered(index)
    noise = np.random.default_rng(index).integers(200, 250, (108, 160, 3), dtype=np.uint8)
    image[12:] = noise
    return image
