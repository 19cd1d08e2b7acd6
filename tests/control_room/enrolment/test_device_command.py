"""`talaia-edge enrol` as somebody types it beside the device: what it writes, and what it says where it cannot."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from control_room import config as room_config
from control_room.enrolment import authority, broker_certificate
from edge import cli, config, senders
from tests.control_room import door as doors
from tests.control_room.enrolment.asking import code_for

OWN = """# The box on the quay. Ask Pilar for the key of the cabinet.
[device]  # who this is
id = "quay"
data_dir = "data"
memory_every_s = 30

[room]
url = "http://old.example"  # in the town hall
token = "quay.old"

[mqtt]
url = "mqtt://quay:old@old.example"

# Looks over the containers.
[[camera]]
id = "placa"
name = "Plaça"  # as the neighbours call it
source = "file:street.mp4"

[[camera.zones]]
name = "containers"
points = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]  # measured on site

[camera.rules.illegal_dumping]
unattended_s = 90.0
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The agent's file of a device that works already."""
    path = tmp_path / "box" / "edge.toml"
    path.parent.mkdir()
    path.write_text(OWN, encoding="utf-8")
    return path


def typed(url: str, code: str, path: Path, *more: str) -> int:
    return cli.main(["enrol", "--room", url, "--code", code, "-c", str(path), *more])


def test_a_file_that_is_there_keeps_its_comments_and_its_cameras(
    town: doors.Door, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(town.url, code_for(town.as_person("anna"), "quay"), own) == 0
    assert capsys.readouterr().out.startswith("quay (Quay) is enrolled; its certificate is valid until 20")
    text = own.read_text(encoding="utf-8")
    for line in OWN.splitlines():
        if "#" in line:
            assert "#" + line.partition("#")[2] in text, "a comment is gone"
    order = ["# The box", "[device]", "[room]", "[mqtt]", "# Looks over", "[[camera]]", "# measured"]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)
    was, settings = tomllib.loads(OWN), config.load(own)
    assert tomllib.loads(text)["camera"] == was["camera"]
    assert (settings.device.memory_every_s, settings.room.url) == (30, town.url)
    assert settings.mqtt.url == "mqtts://quay@127.0.0.1:8883"
    assert "old" not in text
    senders.check(settings)
    assert own.with_name("edge.toml.before").read_text(encoding="utf-8") == OWN
    device = town.client()
    device.headers["Authorization"] = f"Bearer {settings.token()}"
    assert device.post("/api/v1/enrolments/renewal", json={}).status_code == 422  # known by its token
    first = settings.token()
    assert typed(town.url, code_for(town.as_person("anna"), "quay"), own) == 0
    assert own.read_text(encoding="utf-8") == text
    assert config.load(own).token() != first


def test_a_new_file_needs_cameras_only(town: doors.Door, tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    assert typed(town.url, code_for(town.as_person("anna"), "quay"), path) == 0
    camera = '[[camera]]\nid = "placa"\nname = "P"\nsource = "file:x.mp4"\n'
    path.write_text(path.read_text(encoding="utf-8") + camera, encoding="utf-8")
    senders.check(config.load(path))
    assert path.stat().st_mode & 0o777 == 0o600


def refused(url: str, code: str, path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """The one line it says; nothing on the device has changed."""
    before = path.read_bytes()
    capsys.readouterr()
    assert typed(url, code, path, *more) in {1, 2}
    (line,) = capsys.readouterr().err.splitlines()
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return line


def test_what_is_wrong_with_a_code_is_one_line_and_changes_nothing(
    town: doors.Door, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anna, elsewhere = town.as_person("anna"), own.with_name("other") / "edge.toml"
    assert "this code opens nothing" in refused(town.url, "AAAA-BBBB-CCCC-DDDD", own, capsys).lower()
    other = code_for(anna, "harbour")
    assert "this code is of the device harbour; it is still good" in refused(town.url, other, own, capsys)
    late = code_for(anna, "quay")
    town.clock.move(minutes=-61)
    assert "clock says" in refused(town.url, late, own, capsys)
    assert "the room's" in refused(town.url, late, own, capsys)
    town.clock.now = datetime.now(UTC)
    with town.connection() as connection:
        connection.execute("UPDATE enrolment_codes SET expires_at = now() - interval '1 minute' WHERE used_at IS NULL")
    assert "older than an hour" in refused(town.url, late, own, capsys)
    used = code_for(anna, "harbour")
    elsewhere.parent.mkdir()
    assert typed(town.url, used, elsewhere) == 0
    elsewhere.parent.rename(own.parent.with_name("harbour"))
    own.write_text(OWN.replace('id = "quay"', 'id = "harbour"'), encoding="utf-8")
    assert "it was used" in refused(town.url, used, own, capsys)
    assert "--room: got 'quay:8000'; allowed: http://" in refused("quay:8000", used, own, capsys)


def test_a_room_that_is_away_or_none_is_said(town: doors.Door, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        said = refused(f"http://127.0.0.1:{nobody.getsockname()[1]}", "AAAA", own, capsys)
    assert "Connection refused" in said
    own.write_text("[device\n", encoding="utf-8")
    assert "is no TOML" in refused(town.url, "AAAA", own, capsys)


@pytest.mark.parametrize(("days_off", "said"), [(3, "not yet valid"), (-60, "has expired")])
def test_a_certificate_of_the_room_out_of_its_time_asks_for_the_clock(
    tmp_path: Path, own: Path, capsys: pytest.CaptureFixture[str], days_off: int, said: str
) -> None:
    """A device without a battery says 1970; to it every certificate is not yet valid."""
    made_at = datetime.now(UTC) + timedelta(days=days_off)
    town = authority.make(
        room_config.Enrolment(directory=str(tmp_path / "town")), "Tarragona", datetime.now(UTC) - timedelta(days=400)
    )
    broker_certificate.write(town, tmp_path / "tls", ["127.0.0.1"], 30, made_at)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(tmp_path / "tls" / "broker.crt", tmp_path / "tls" / "broker.key")
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url, authority_file = f"https://127.0.0.1:{server.server_port}", str(tmp_path / "tls" / "ca.pem")
        days = [datetime.now(UTC)]
        line = refused(url, "AAAA", own, capsys, "--ca-file", authority_file)
        days.append(datetime.now(UTC))
        thread.join(60)
    assert said in line
    assert any(f"this device's clock says {day:%Y-%m-%d}" in line for day in days), "midnight may come between"
    assert "is it right (NTP)?" in line


CAMERA = '[[camera]]\nid = "p"\nname = "P"\nsource = "file:x.mp4"\n'


def test_tables_written_in_unusual_ways_come_out_right(town: doors.Door, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    odd = '[room]\nurl = """\nhttp://x"""\ntoken = \'a#b\'\n[mqtt]\nurl = "mqtt://a#b"  # c\n["device"]\nid = "quay"\n'
    path.write_text(f'{CAMERA}{odd}data_dir = "data"', encoding="utf-8")
    assert typed(town.url, code_for(town.as_person("anna"), "quay"), path) == 0
    settings = config.load(path)
    assert (settings.device.id, settings.room.url, [camera.id for camera in settings.camera]) == (
        "quay",
        town.url,
        ["p"],
    )
    senders.check(settings)


def test_a_file_that_no_enrolment_could_change_uses_up_no_code(
    town: doors.Door, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_for(town.as_person("anna"), "quay")
    own.write_text(f'device = {{id = "quay", data_dir = "data"}}\n{CAMERA}', encoding="utf-8")
    assert "allowed: tables that begin with a line [device]" in refused(town.url, code, own, capsys)
    own.write_text(OWN, encoding="utf-8")
    assert typed(town.url, code, own) == 0
