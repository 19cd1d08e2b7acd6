"""The filmed clips are what their facts say: one thing more, where and when it is written, and nothing else."""

import math

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from launch.footage import make
from tests.launch.footage import clips

CODEC_LEVELS = 12  # what two encodings of the same picture may differ by, here and there
LABEL_ROWS = 40
SHADOW_PX = 24


def inside(picture: NDArray[np.int16], box: list[float], grown_px: int = 0) -> NDArray[np.int16]:
    x1, y1, x2, y2 = (math.floor(edge) for edge in box)
    return picture[max(0, y1 - grown_px) : y2 + grown_px, max(0, x1 - grown_px) : x2 + grown_px]


def outside(picture: NDArray[np.int16], box: list[float]) -> NDArray[np.int16]:
    """The picture without its label, the thing and the thing's shadow (those set to 0)."""
    rest = picture.copy()
    rest[:LABEL_ROWS] = 0
    inside(rest, box, SHADOW_PX)[:] = 0
    return rest


def test_says_what_it_was_made_of(filmed: clips.Clips) -> None:
    assert filmed.facts["drawn"] is False
    assert filmed.facts["package"]["name"] == "opencv-doc"
    assert len(filmed.facts["package"]["members_sha256"]) == 2
    assert filmed.facts["staged_dumping"]["staged"] is True


def test_thing_rests_where_the_facts_say_and_nowhere_else(filmed: clips.Clips) -> None:
    facts = filmed.facts["staged_dumping"]
    frame = round((facts["placed_s"] + 5) * facts["frame_rate"])
    difference = filmed.differences({frame})[frame]
    assert inside(difference, facts["bbox_px"]).mean() > 30
    assert np.percentile(outside(difference, facts["bbox_px"]), 99.9) <= CODEC_LEVELS


def test_thing_is_cut_out_and_no_rectangle(filmed: clips.Clips) -> None:
    facts = filmed.facts["staged_dumping"]
    frame = round((facts["placed_s"] + 5) * facts["frame_rate"])
    thing = inside(filmed.differences({frame})[frame], facts["bbox_px"])
    corners = (thing[:4, :4], thing[:4, -4:], thing[-4:, -4:])
    assert max(corner.mean() for corner in corners) < thing.mean() / 2


def test_clips_are_alike_until_it_is_carried_in(filmed: clips.Clips) -> None:
    facts = filmed.facts["staged_dumping"]
    first = round(facts["appears_s"] * facts["frame_rate"])
    differences = filmed.differences({0, 80, first - 2})
    assert first >= 80
    for difference in differences.values():
        assert np.percentile(difference[LABEL_ROWS:], 99.9) <= CODEC_LEVELS


def test_carrier_has_it_before_it_lies(filmed: clips.Clips) -> None:
    facts = filmed.facts["staged_dumping"]
    carried = [moment for moment in facts["moments"] if 24 <= moment["time_s"] <= facts["lowering_s"]]
    rate = facts["frame_rate"]
    differences = filmed.differences({round(moment["time_s"] * rate) for moment in carried})
    assert len(carried) > 10
    for moment in carried:
        difference = differences[round(moment["time_s"] * rate)]
        reach_px = abs(moment["carrier_feet_px"][0] - (moment["thing_px"][0] + moment["thing_px"][2]) / 2)
        assert reach_px < moment["carrier_height_px"] / 2
        assert inside(difference, moment["thing_px"]).mean() > 15
        assert np.percentile(outside(difference, moment["thing_px"]), 99.9) <= CODEC_LEVELS


def test_who_passes_before_it_hides_it(filmed: clips.Clips) -> None:
    """At 75.2 s a man walks by between it and the camera; behind it a woman, whom it hides."""
    facts = filmed.facts["staged_dumping"]
    differences = filmed.differences({600, 752})
    right_half = [facts["bbox_px"][0] + 32, *facts["bbox_px"][1:]]
    left_half = [*facts["bbox_px"][:2], facts["bbox_px"][0] + 20, facts["bbox_px"][3]]
    assert inside(differences[752], right_half).mean() < inside(differences[600], right_half).mean() / 2
    assert inside(differences[752], left_half).mean() > inside(differences[600], left_half).mean() / 2


def test_leaves_time_to_learn_and_to_see_it_left(filmed: clips.Clips) -> None:
    facts = filmed.facts["staged_dumping"]
    assert 8 <= facts["appears_s"] < facts["lowering_s"] < facts["placed_s"] < facts["owner_gone_s"]
    assert facts["owner_gone_s"] <= facts["owner_left_picture_s"] <= facts["frames"] / facts["frame_rate"] - 25


def test_is_large_enough_for_the_analysis(filmed: clips.Clips) -> None:
    """14 px high in a picture that is analysed 320 px wide."""
    facts = filmed.facts["staged_dumping"]
    assert (facts["bbox_px"][3] - facts["bbox_px"][1]) * 320 / facts["width_px"] >= 14


def test_is_labelled_from_the_first_picture(filmed: clips.Clips) -> None:
    last = filmed.facts["street"]["frames"] - 1
    for difference in filmed.differences({0, last}).values():
        assert (difference[:LABEL_ROWS, :200] > 60).mean() > 0.1


@pytest.mark.parametrize("name", [make.STREET, make.STAGED])
def test_plays_anywhere(filmed: clips.Clips, name: str) -> None:
    facts = filmed.facts[name.removesuffix(".mp4")]
    with av.open(filmed.directory / name) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (facts["width_px"], facts["height_px"])
        packets = [packet for packet in container.demux(stream) if packet.size]
        times_s = [float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None]
    assert times_s == pytest.approx([frame / facts["frame_rate"] for frame in range(facts["frames"])])
    assert [number for number, packet in enumerate(packets) if packet.is_keyframe] == list(range(0, len(packets), 20))
    assert all(packet.dts == packet.pts for packet in packets)
    begin = (filmed.directory / name).read_bytes()[:4096]
    assert b"moov" in begin


def test_second_run_makes_nothing(filmed: clips.Clips) -> None:
    before = {path: path.stat().st_mtime_ns for path in filmed.directory.glob("*.mp4")}
    again = make.make(filmed.directory, lambda _: None)
    assert (again.made, again.drawn) == (False, False)
    assert {path: path.stat().st_mtime_ns for path in before} == before
